import type { Clock } from "../../ports/clock.ts";
import { maxMessageDelay, type StepMessage, type StepQueue, stepMessage } from "../../ports/step-queue.ts";

/** A message that waits. Time in epoch milliseconds. */
export type WaitingMessage = { readonly message: StepMessage; readonly receivableAt: number };

type Sent = WaitingMessage & { readonly number: number };

/**
 * A queue within the process. What is received is gone from it: a driver that plays a redelivery sends the message
 * again.
 */
export class MemoryStepQueue implements StepQueue {
  private readonly clock: Clock;
  /** In the order of their times, then of their sending. */
  private readonly waiting: Sent[] = [];
  private sent = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async send(messages: readonly StepMessage[], delay = 0): Promise<void> {
    const receivableAt = this.clock.now() + Math.min(delay, maxMessageDelay);
    // Through text, as over the wire: a message that would not survive it is found out here.
    const sent = messages.map((message) => stepMessage.parse(JSON.parse(JSON.stringify(message))));
    const numbered = sent.map((message) => {
      this.sent += 1;
      return { message, receivableAt, number: this.sent };
    });
    // Nearly always at the end: time does not go back, and few messages are delayed.
    const later = this.waiting.findLastIndex((each) => each.receivableAt <= receivableAt) + 1;
    this.waiting.splice(later, 0, ...numbered);
  }

  /** Takes up to `limit` messages whose time has come, in the order of their times, then of their sending. */
  receive(limit = 10): StepMessage[] {
    const now = this.clock.now();
    const early = this.waiting.findIndex(({ receivableAt }, place) => receivableAt > now || place === limit);
    return this.waiting.splice(0, early === -1 ? limit : early).map(({ message }) => message);
  }

  /** All messages that wait, in the order of sending. */
  messages(): readonly WaitingMessage[] {
    return this.waiting
      .toSorted((a, b) => a.number - b.number)
      .map(({ message, receivableAt }) => ({ message, receivableAt }));
  }

  /** When the next message can be received, in epoch milliseconds; undefined when none waits. */
  nextAt(): number | undefined {
    return this.waiting[0]?.receivableAt;
  }
}
