import { ThreadWatchdog } from "../shared/adapters/node/thread-watchdog.ts";
import { engine } from "../shared/app/aws-engine.ts";
import { messageHandler } from "../shared/app/handler.ts";
import { ignoreLateCalls } from "../shared/app/ignore-late-calls.ts";
import { parseStepMessage } from "../shared/ports/step-queue.ts";
import { type BlockedWorker, endBlocked as recordBlocked } from "../shared/worker/end-blocked.ts";
import { handleStepMessage } from "../shared/worker/handle-step-message.ts";

const worker = { ...engine, watchdog: new ThreadWatchdog({ recorder: __filename }) };

ignoreLateCalls(worker.log);

/** Runs Lambda steps and submits Batch steps. */
export const handler = messageHandler({
  parse: parseStepMessage,
  about: (message) => message,
  handle: (message, context) =>
    handleStepMessage(worker, message, worker.clock.now() + context.getRemainingTimeInMillis()),
});

/** Called by the watch thread of a worker that is blocked. */
export const endBlocked = (blocked: BlockedWorker, deadline: number): Promise<void> =>
  recordBlocked(engine, blocked, deadline);
