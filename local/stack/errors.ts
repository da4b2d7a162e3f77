/** The local stack can't do what was requested; the message says what to do about it. */
export class StackError extends Error {
  override name = "StackError";
}
