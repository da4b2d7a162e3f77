import type { Engine } from "../engine.ts";
import type { Json } from "../pipeline/json.ts";
import { retryDelay } from "../pipeline/retry-policy.ts";
import { maxMessageDelay } from "../queue/step-queue.ts";
import { ended, retrying, succeeded } from "../state/step-changes.ts";
import type { EndedStep, SucceededStep } from "../state/step-record.ts";
import type { StoredStep } from "../store/run-store.ts";
import { replaceStep } from "./claim-step.ts";
import { type Failure, lostAttemptsLimit } from "./failure.ts";
import { joinEnded } from "./join-step.ts";
import { hintFor, type StepWork } from "./step-work.ts";
import { storeValue } from "./stored-value.ts";

function tell(engine: Engine, work: StepWork, record: SucceededStep | EndedStep): void {
  const { runId, step, index, attempt, state } = record;
  const milliseconds = Date.parse(record.endedAt) - Date.parse(record.startedAt);
  const error = record.state === "SUCCEEDED" ? undefined : record.error;
  const fields = { runId, step, index, attempt, state, milliseconds, ...(error && { error }) };
  if (error === undefined) engine.log.info("step ended", fields);
  else engine.log.warn("step ended", fields);
  engine.meter.count("StepEnded", { pipeline: work.run.pipeline, step, state });
  engine.meter.duration("StepDuration", milliseconds, { pipeline: work.run.pipeline, step });
}

async function end(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  next: SucceededStep | EndedStep,
): Promise<void> {
  if ((await replaceStep(engine, next, held)) === undefined) return;
  tell(engine, work, next);
  await joinEnded(engine, work, next);
}

/** Commits a result and tells of it. Nothing happens when the attempt is no longer the one that counts. */
export async function succeedAttempt(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  output: Json,
): Promise<void> {
  const stored = await storeValue(engine, work.run, held, output);
  await end(engine, work, held, succeeded(held, stored, engine.clock.now()));
}

/** Ends a step that its condition says not to run. */
export async function skipStep(engine: Engine, work: StepWork, held: StoredStep): Promise<void> {
  await end(engine, work, held, ended(held, "SKIPPED", engine.clock.now()));
}

/** Whether a step is tried again after a failure. */
function mayRetry(work: StepWork, held: StoredStep, failure: Failure): boolean {
  if (!failure.retryable) return false;
  if (failure.infrastructure) return held.attempt - held.failures < lostAttemptsLimit;
  return held.failures < work.node.retries.limit;
}

/** Has a failed attempt tried again by its policy, or ends the step. */
export async function failAttempt(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  failure: Failure,
): Promise<void> {
  const now = engine.clock.now();
  if (!mayRetry(work, held, failure)) {
    return end(
      engine,
      work,
      held,
      ended(held, failure.timedOut ? "TIMED_OUT" : "FAILED", now, failure.error),
    );
  }
  const counts = !failure.infrastructure;
  const delay = failure.retryAfter ?? retryDelay(work.node.retries, held.failures + 1, engine.random());
  const next = retrying(held, failure.error, now + delay, counts);
  if ((await replaceStep(engine, next, held)) === undefined) return;
  const { runId, step, index, attempt } = held;
  engine.log.warn("step will be tried again", {
    runId,
    step,
    index,
    attempt,
    inMilliseconds: delay,
    error: failure.error,
  });
  engine.meter.count("StepRetried", { pipeline: work.run.pipeline, step });
  await engine.queue.send([hintFor(held, work.run.epoch)], Math.min(delay, maxMessageDelay));
}
