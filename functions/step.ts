import { ThreadWatchdog } from "../shared/adapters/node/thread-watchdog.ts";
import { engine } from "../shared/app/aws-engine.ts";
import { messageHandler } from "../shared/app/handler.ts";
import { ignoreLateCalls } from "../shared/app/ignore-late-calls.ts";
import { traceRun } from "../shared/app/trace-run.ts";
import { parseStepMessage } from "../shared/ports/step-queue.ts";
import { type BlockedWorker, endBlocked as recordBlocked } from "../shared/worker/end-blocked.ts";
import { handleStepMessage } from "../shared/worker/handle-step-message.ts";

const worker = { ...engine, watchdog: new ThreadWatchdog({ recorder: __filename }) };

ignoreLateCalls(worker.log);

/** Runs Lambda steps and submits Batch steps. */
export const handler = messageHandler(async (body, context) => {
  const deadline = worker.clock.now() + context.getRemainingTimeInMillis();
  const message = parseStepMessage(body);
  await traceRun(message, () => handleStepMessage(worker, message, deadline));
});

/** Called by the watch thread of a worker that is blocked. */
export const endBlocked = (blocked: BlockedWorker, deadline: number): Promise<void> =>
  recordBlocked(engine, blocked, deadline);
