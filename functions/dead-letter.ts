import { engine } from "../shared/app/aws-engine.ts";
import { messageHandler } from "../shared/app/handler.ts";
import { traceRun } from "../shared/app/trace-run.ts";
import { failDeadLetter, readDeadLetter } from "../shared/worker/fail-dead-letter.ts";

/** Ends the steps whose messages were delivered repeatedly without success. */
export const handler = messageHandler(async (body) => {
  const message = readDeadLetter(engine, body);
  if (message !== undefined) await traceRun(message, () => failDeadLetter(engine, message));
});
