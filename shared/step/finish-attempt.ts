import { memorySizes } from "../pipeline/job.ts";
import type { Json } from "../pipeline/json.ts";
import { doneBy } from "../pipeline/task-kinds.ts";
import type { Engine } from "../ports/engine.ts";
import type { CachedResult } from "../ports/result-cache.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { maxMessageDelay } from "../ports/step-queue.ts";
import { countedError, decideRetry, type Failure } from "../state/failure.ts";
import {
  betweenPasses,
  cached,
  ended,
  retrying,
  succeeded,
  withFunctionAttempt,
} from "../state/step-changes.ts";
import {
  type EndedStep,
  hasResult,
  type StepError,
  type StepRecord,
  type StoredValue,
  type SucceededStep,
} from "../state/step-record.ts";
import { keepResult } from "./cached-result.ts";
import { replaceStep } from "./claim-step.ts";
import { joinEnded } from "./join-step.ts";
import { rememberResult } from "./known-results.ts";
import { afterPass } from "./repeat-step.ts";
import { hintFor, logFacts, type StepWork } from "./step-work.ts";
import { storeValue } from "./stored-value.ts";

function reportEnd(engine: Engine, work: StepWork, record: SucceededStep | EndedStep): void {
  const { state } = record;
  const milliseconds = Date.parse(record.endedAt) - Date.parse(record.startedAt);
  const error = hasResult(record) ? undefined : record.error;
  const fields = { ...logFacts(work, record), state, milliseconds, ...(error && { error }) };
  if (error === undefined) engine.log.info("step ended", fields);
  else engine.log.warn("step ended", fields);
  // By pipeline and not by step: CloudWatch bills every set of dimensions as its own metric, and the log has the
  // details.
  engine.meter.count("StepEnded", { pipeline: work.run.pipeline, state });
  engine.meter.duration("StepDuration", milliseconds, { pipeline: work.run.pipeline });
}

/**
 * Commits a step's end, reports it in the log and the metrics, and joins it. Nothing happens if the record has changed
 * since it was read.
 *
 * @returns whether the commit took effect
 */
export async function commitEnd(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  next: SucceededStep | EndedStep,
): Promise<boolean> {
  if ((await replaceStep(engine, next, held)) === undefined) return false;
  if (hasResult(next) && work.node.over === undefined) rememberResult(engine.store, next);
  reportEnd(engine, work, next);
  await joinEnded(engine, work, next);
  return true;
}

/**
 * Sends the hint that moves a step on after a delay. If the delay is too long for a message, the sweep sends the hint
 * once the time is near. Forwarding a message again and again would forward each of its copies as well.
 */
export async function hintLater(engine: Engine, work: StepWork, record: StepRecord, delay: number) {
  if (delay > maxMessageDelay) return;
  await engine.queue.send([hintFor(record, work.run.epoch)], Math.max(0, delay));
}

/** The record with the attempt that ends now, if it was a function's. */
function withEndedAttempt({ node }: StepWork, held: StoredStep, now: number, error?: StepError): StoredStep {
  return doneBy(node.task) === "worker" ? withFunctionAttempt(held, now, error) : held;
}

/** Commits a result that is already stored. */
export async function succeedWith(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  output: StoredValue,
): Promise<void> {
  await commitEnd(engine, work, held, succeeded(held, output, engine.clock.now()));
}

/**
 * Commits and joins a result, or starts the next pass of a repeated step. Nothing happens if the attempt isn't the
 * current one any more.
 */
export async function succeedAttempt(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  output: Json,
): Promise<void> {
  const after = await afterPass(engine, work, held, output);
  if (after.kind === "failed") return failAttempt(engine, work, held, after.failure);
  if (after.kind === "again") {
    const now = engine.clock.now();
    const next = betweenPasses(withEndedAttempt(work, held, now), now + after.delay);
    if ((await replaceStep(engine, next, held)) === undefined) return;
    const result = JSON.stringify(output).slice(0, 500);
    engine.log.info("pass ended", { ...logFacts(work, held), pass: next.passes, result });
    return hintLater(engine, work, next, after.delay);
  }
  const stored = await storeValue(engine, work.run, held, output);
  const record = succeeded(held, stored, engine.clock.now());
  // Before the join, so that a run that starts when this one ends finds the result.
  await keepResult(engine, work, record);
  await commitEnd(engine, work, held, record);
}

/** Ends a step with a result that an earlier run made. */
export async function useCached(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  { output, source }: CachedResult,
): Promise<void> {
  await commitEnd(engine, work, held, cached(held, output, source, engine.clock.now()));
}

/** Ends a step whose condition says not to run it. */
export async function skipStep(engine: Engine, work: StepWork, held: StoredStep): Promise<void> {
  await commitEnd(engine, work, held, ended(held, "SKIPPED", engine.clock.now()));
}

/** Schedules a retry of a failed attempt if the policy allows one; otherwise ends the step. */
export async function failAttempt(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  failure: Failure,
): Promise<void> {
  const now = engine.clock.now();
  const { retries, task } = work.node;
  const sizes = task.kind === "batch" ? memorySizes(task.resources).length : 1;
  const error = countedError(held, failure);
  const decision = decideRetry(held, retries, failure, sizes, engine.random());
  if (decision.kind === "end") {
    const state = failure.timedOut ? "TIMED_OUT" : "FAILED";
    await commitEnd(engine, work, held, ended(withEndedAttempt(work, held, now, error), state, now, error));
    return;
  }
  const { delay, lostTo } = decision;
  const kept = withEndedAttempt(work, held, now, error);
  const next = retrying(kept, error, now + delay, lostTo, failure.times);
  if ((await replaceStep(engine, next, held)) === undefined) return;
  const facts = { ...logFacts(work, held), inMilliseconds: delay, error, ...(lostTo && { lostTo }) };
  engine.log.warn("step will be retried", facts);
  engine.meter.count("StepRetried", { pipeline: work.run.pipeline });
  await hintLater(engine, work, next, delay);
}
