import { engine } from "../shared/app/aws-engine.ts";
import { messageHandler } from "../shared/app/handler.ts";
import { parseStepMessage } from "../shared/ports/step-queue.ts";
import { handleStepMessage } from "../shared/worker/handle-step-message.ts";

/** Runs Lambda steps and submits Batch steps. */
export const handler = messageHandler(async (body, context) => {
  const deadline = engine.clock.now() + context.getRemainingTimeInMillis();
  await handleStepMessage(engine, parseStepMessage(body), deadline);
});
