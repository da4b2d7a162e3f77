/** The set-up can't go on. The message says in one line what is missing and how to get it. */
export class SetupError extends Error {
  /** @override */
  name = "SetupError";
}
