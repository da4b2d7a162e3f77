/** Thrown by a step's function if trying again can't help: the step fails at once. A subclass has its own name. */
export class FatalError extends Error {
  override readonly name: string = "FatalError";
}

/** Thrown by a step's function that knows when to try again. The step's retry limit still applies. */
export class RetryAfter extends Error {
  override readonly name: string = "RetryAfter";
  readonly seconds: number;
  constructor(message: string, seconds: number) {
    super(message);
    this.seconds = seconds;
  }
}
