/** A call to AWS whose answer was lost. */
export class AnswerLostError extends Error {
  override readonly name = "AnswerLostError";
}

/** A call to AWS that was refused, with the error's name on AWS. */
export class ThrottledError extends Error {
  override readonly name: string = "ThrottlingException";
}

/** A call to AWS that failed on the side of AWS. */
export class BrokenError extends Error {
  override readonly name = "InternalServerError";
}

/** Whether an error comes from a fault, and not from the engine. */
export function isSimulated(error: unknown): boolean {
  return error instanceof AnswerLostError || error instanceof ThrottledError || error instanceof BrokenError;
}
