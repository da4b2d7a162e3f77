import { engine } from "../shared/app/aws-engine.ts";
import { messageHandler } from "../shared/app/handler.ts";
import { failDeadLetter, readDeadLetter } from "../shared/worker/fail-dead-letter.ts";

/** Ends the steps whose messages were delivered repeatedly without success. */
export const handler = messageHandler({
  parse: (body) => readDeadLetter(engine, body),
  about: (message) => message,
  handle: (message) => failDeadLetter(engine, message),
});
