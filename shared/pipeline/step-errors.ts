/** Thrown by a step's function when trying again cannot help: the step fails at once. A subclass has its own name. */
export class FatalError extends Error {
  override readonly name: string = "FatalError";
}

/** Thrown by a step's function that knows when to try again; the step's retry limit still holds. */
export class RetryAfter extends Error {
  override readonly name: string = "RetryAfter";
  readonly seconds: number;
  constructor(message: string, seconds: number) {
    super(message);
    this.seconds = seconds;
  }
}
