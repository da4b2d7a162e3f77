import { type StepMessage, type StepQueue, stepMessage } from "../../../shared/ports/step-queue.ts";

/** Takes what is sent, serialised as on the wire, and passes it on for delivery. */
export class SimulatedQueue implements StepQueue {
  private readonly deliver: (message: StepMessage, delay: number) => void;

  constructor(deliver: (message: StepMessage, delay: number) => void) {
    this.deliver = deliver;
  }

  async send(messages: readonly StepMessage[], delay = 0): Promise<void> {
    for (const message of messages)
      this.deliver(stepMessage.parse(JSON.parse(JSON.stringify(message))), delay);
  }
}
