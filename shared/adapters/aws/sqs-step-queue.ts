import { type BatchResultErrorEntry, SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { MillraceError } from "../../pipeline/millrace-error.ts";
import { type Backoff, pauseBeforeRetry } from "../../platform/pause-before-retry.ts";
import { isThrottling } from "../../platform/throttling.ts";
import { maxMessageDelay, type StepMessage, type StepQueue } from "../../ports/step-queue.ts";

/** SendMessageBatch accepts no more messages than this. */
const batchSize = 10;
/** For entries that SQS refused through a fault of its own. The SDK retries a whole call that fails. */
const entryBackoff: Backoff = { tries: 5, first: 50, max: 1_000 };

/** SQS's error for a single message; its code is the name. */
class EntryRefusedError extends Error {
  override readonly name: string;
  constructor({ Code: code = "NoCode", Message: message = "no message" }: BatchResultErrorEntry) {
    super(message);
    this.name = code;
  }
}

/** Messages could not be sent. Sending all of them again does no harm: each is only a hint. */
export class MessagesNotSentError extends MillraceError {
  readonly errors: readonly unknown[];
  readonly throttled: boolean;
  readonly unsent: readonly StepMessage[];
  /** @param reasons errors of calls, and SQS's errors for single messages */
  constructor(unsent: readonly StepMessage[], total: number, reasons: readonly unknown[]) {
    super(
      "MESSAGES_NOT_SENT",
      `${unsent.length} of ${total} messages were not sent: ${[...new Set(reasons.map(String))].join("; ")}`,
    );
    this.errors = reasons;
    this.throttled = reasons.every(isThrottling);
    this.unsent = unsent;
  }
}

type Unsent = { messages: readonly StepMessage[]; reasons: readonly unknown[] };

/** The queue of hints in SQS. */
export function sqsStepQueue(client: SQSClient, url: string, backoff: Backoff = entryBackoff): StepQueue {
  /** Sends up to ten messages and returns what could not be sent. */
  const sendBatch = async (messages: readonly StepMessage[], delaySeconds: number): Promise<Unsent> => {
    let left = messages;
    let reasons: unknown[] = [];
    for (let tried = 1; left.length > 0 && tried <= backoff.tries; tried += 1) {
      if (tried > 1) await pauseBeforeRetry(backoff, tried - 1);
      const entries = left.map((message, place) => ({
        Id: String(place),
        MessageBody: JSON.stringify(message),
        DelaySeconds: delaySeconds,
      }));
      try {
        const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries }));
        const failed = answer.Failed ?? [];
        reasons = failed.map((entry) => new EntryRefusedError(entry));
        left = left.filter((_, place) => failed.some(({ Id }) => Id === String(place)));
        if (failed.some(({ SenderFault }) => SenderFault)) break;
      } catch (error) {
        return { messages: left, reasons: [error] };
      }
    }
    return { messages: left, reasons };
  };

  return {
    async send(messages, delay = 0) {
      // Rounded up: a message that arrives early finds nothing to do and has to be sent again.
      const delaySeconds = Math.ceil(Math.min(Math.max(delay, 0), maxMessageDelay) / 1000);
      const batches = Array.from({ length: Math.ceil(messages.length / batchSize) }, (_, place) =>
        sendBatch(messages.slice(place * batchSize, (place + 1) * batchSize), delaySeconds),
      );
      const outcomes = await Promise.all(batches);
      const unsent = outcomes.flatMap((outcome) => outcome.messages);
      if (unsent.length === 0) return;
      throw new MessagesNotSentError(
        unsent,
        messages.length,
        outcomes.flatMap((outcome) => outcome.reasons),
      );
    },
  };
}
