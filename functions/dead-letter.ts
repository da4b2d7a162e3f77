import { engine } from "../shared/app/aws-engine.ts";
import { messageHandler } from "../shared/app/handler.ts";
import { parseStepMessage } from "../shared/queue/step-queue.ts";
import { failPoison } from "../shared/step/fail-poison.ts";

/** Ends the steps of messages that were delivered again and again in vain. */
export const handler = messageHandler(async (body) => {
  await failPoison(engine, parseStepMessage(body));
});
