import type { Delivery, Notifier } from "../../ports/notifier.ts";

/** Collects notices instead of sending them. */
export class MemoryNotifier implements Notifier {
  /** What was sent, in order. */
  readonly sent: Delivery[] = [];

  async send(delivery: Delivery, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.sent.push(structuredClone(delivery));
  }
}
