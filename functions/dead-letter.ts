import { engine } from "../shared/app/aws-engine.ts";
import { messageHandler } from "../shared/app/handler.ts";
import { failPoison, readDeadLetter } from "../shared/worker/fail-poison.ts";

/** Ends the steps of messages that were delivered again and again in vain. */
export const handler = messageHandler(async (body) => {
  const message = readDeadLetter(engine, body);
  if (message !== undefined) await failPoison(engine, message);
});
