import type { Clock } from "../platform/clock.ts";
import { maxMessageDelay, type StepMessage, type StepQueue, stepMessage } from "./step-queue.ts";

/** A message that waits. Time in epoch milliseconds. */
export type WaitingMessage = { readonly message: StepMessage; readonly receivableAt: number };

/**
 * A queue within the process. What is received is gone from it: a driver that plays a redelivery sends the message
 * again.
 */
export class MemoryStepQueue implements StepQueue {
  private readonly clock: Clock;
  private waiting: WaitingMessage[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async send(messages: readonly StepMessage[], delay = 0): Promise<void> {
    const receivableAt = this.clock.now() + Math.min(delay, maxMessageDelay);
    // Through text, as over the wire: a message that would not survive it is found out here.
    const sent = messages.map((message) => stepMessage.parse(JSON.parse(JSON.stringify(message))));
    this.waiting.push(...sent.map((message) => ({ message, receivableAt })));
  }

  /** Takes up to `limit` messages whose time has come, in the order of their times, then of their sending. */
  receive(limit = 10): StepMessage[] {
    const now = this.clock.now();
    const taken = this.waiting
      .filter(({ receivableAt }) => receivableAt <= now)
      .sort((a, b) => a.receivableAt - b.receivableAt)
      .slice(0, limit);
    this.waiting = this.waiting.filter((message) => !taken.includes(message));
    return taken.map(({ message }) => message);
  }

  /** All messages that wait, in the order of sending. */
  messages(): readonly WaitingMessage[] {
    return [...this.waiting];
  }

  /** When the next message can be received, in epoch milliseconds; undefined when none waits. */
  nextAt(): number | undefined {
    return this.waiting.length === 0 ? undefined : Math.min(...this.waiting.map((each) => each.receivableAt));
  }
}
