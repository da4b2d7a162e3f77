import type { Clock } from "../../ports/clock.ts";
import { maxMessageDelay, type StepMessage, type StepQueue, stepMessage } from "../../ports/step-queue.ts";

/** A waiting message. Time in epoch milliseconds. */
export type WaitingMessage = { readonly message: StepMessage; readonly receivableAt: number };

type Sent = WaitingMessage & { readonly number: number };

/**
 * A queue within the process. A received message is gone from it: a driver that simulates a redelivery sends the
 * message again.
 */
export class MemoryStepQueue implements StepQueue {
  private readonly clock: Clock;
  /** Ordered by their times, then by when they were sent. */
  private readonly waiting: Sent[] = [];
  private sent = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async send(messages: readonly StepMessage[], delay = 0): Promise<void> {
    const receivableAt = this.clock.now() + Math.min(delay, maxMessageDelay);
    // Through text, as over the wire: a message that would not survive serialization is found here.
    const sent = messages.map((message) => stepMessage.parse(JSON.parse(JSON.stringify(message))));
    const numbered = sent.map((message) => {
      this.sent += 1;
      return { message, receivableAt, number: this.sent };
    });
    // Nearly always at the end: time doesn't go back, and few messages are delayed.
    const later = this.waiting.findLastIndex((each) => each.receivableAt <= receivableAt) + 1;
    this.waiting.splice(later, 0, ...numbered);
  }

  /** Takes up to `limit` messages whose time has come, ordered by their times, then by when they were sent. */
  receive(limit = 10): StepMessage[] {
    const now = this.clock.now();
    const early = this.waiting.findIndex(({ receivableAt }, place) => receivableAt > now || place === limit);
    return this.waiting.splice(0, early === -1 ? limit : early).map(({ message }) => message);
  }

  /** All waiting messages, in the order of sending. */
  messages(): readonly WaitingMessage[] {
    return this.waiting
      .toSorted((a, b) => a.number - b.number)
      .map(({ message, receivableAt }) => ({ message, receivableAt }));
  }

  /** When the next message can be received, in epoch milliseconds; undefined if none is waiting. */
  nextAt(): number | undefined {
    return this.waiting[0]?.receivableAt;
  }
}
