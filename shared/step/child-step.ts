import type { ErrorCode } from "../pipeline/error-codes.ts";
import { stepGivenBy } from "../pipeline/graph.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { reopenRun } from "../run/reopen-run.ts";
import { ParamsError, PipelineNotFoundError } from "../run/run-errors.ts";
import { graphOf } from "../run/run-graph.ts";
import { runIdOf } from "../run/run-id.ts";
import { startRun } from "../run/start-run.ts";
import { codeMissing, engineError, type Failure, fatal } from "../state/failure.ts";
import { type EndedRun, type EndState, isActive, isEnded, type Run } from "../state/run.ts";
import { awaitingRun } from "../state/step-changes.ts";
import {
  type ChildStep,
  type HeldStep,
  hasResult,
  indexOf,
  type StepRecord,
  type StoredValue,
} from "../state/step-record.ts";
import { replaceStep } from "./claim-step.ts";
import { failAttempt, hintLater, succeedWith } from "./finish-attempt.ts";
import { failureOfData } from "./read-or-fail.ts";
import { resultOf } from "./run-result.ts";
import { inputOf } from "./step-input.ts";
import type { StepWork } from "./step-work.ts";
import { storeValue } from "./stored-value.ts";

/** The cause of a step's child run: unique to the step, and the same each time. */
const causeKey = ({ runId, step, index }: StepRecord) => JSON.stringify([runId, step, index]);

/** Id of the run that a child step starts, even if it hasn't started it yet. */
export function childRunId(run: Run, pipeline: string, record: StepRecord): string {
  return runIdOf(pipeline, run.scheduledAt, causeKey(record));
}

/**
 * The epoch of the child run that an attempt waits for. It is 1 if the run doesn't exist yet. It is the current epoch
 * if the run has succeeded, or is active and not being cancelled. Otherwise the run must be reopened, so it is the next
 * epoch.
 */
function epochFor(child: Run | undefined): number {
  if (child === undefined) return 1;
  // A run that is being cancelled ends as cancelled and is reopened after that.
  const goesOn = isActive(child) && child.state !== "CANCELLING";
  return goesOn || child.state === "SUCCEEDED" ? child.epoch : child.epoch + 1;
}

/** Milliseconds until the next look at a child that can't be reopened yet. */
const reopenDelay = 5000;

/** Reopens the child whose failure ended an earlier attempt, once the steps that follow its end have begun. */
async function reopen(engine: Engine, work: StepWork, record: StoredStep, child: Run): Promise<void> {
  if (!isEnded(child)) return;
  const { kind } = await reopenRun(engine, child, "step");
  if (kind === "pending") await hintLater(engine, work, record, reopenDelay);
}

/** Starts or reopens the run that a step is linked to, unless that's done already. */
async function ensureChild(engine: Engine, work: StepWork, record: ChildStep & StoredStep): Promise<void> {
  const { run, node } = work;
  const { task } = node;
  if (task.kind !== "child") throw new TypeError(`step ${node.name} has no child`);
  const child = await engine.store.getRun(record.child.runId);
  if (child !== undefined) {
    if (child.epoch < record.child.epoch) await reopen(engine, work, record, child);
    return;
  }
  const { runId, step } = record;
  const index = indexOf(record);
  await startRun(engine, {
    pipeline: task.pipeline,
    params: await inputOf(engine, work, index),
    scheduledAt: run.scheduledAt,
    cause: { kind: "step", runId, step, index, epoch: run.epoch },
    causeKey: causeKey(record),
    priority: run.priority,
    refresh: run.refresh,
  });
}

/**
 * Links a child step to its run and starts that run. The link is stored first and fixes the run's id. If the worker
 * dies in between, the next one starts the same run and never another.
 */
export async function startChild(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
  pipeline: string,
): Promise<void> {
  const runId = childRunId(work.run, pipeline, held);
  const epoch = epochFor(await engine.store.getRun(runId));
  const put = await replaceStep(engine, awaitingRun(held, { runId, epoch }), held);
  if (put !== undefined && "holder" in put && put.holder === "run") await lookAtChild(engine, work, put);
}

/** The failure if a child can't be started or its result can't be used. Undefined for errors that may pass. */
function startFailure(record: StepRecord, thrown: unknown): Failure | undefined {
  if (thrown instanceof ParamsError) return fatal("INVALID_INPUT", thrown.message);
  if (thrown instanceof PipelineNotFoundError) return codeMissing(record, thrown.message);
  return failureOfData(thrown);
}

/** The result that a child gives to its parent: a reference if it's one step's large result, otherwise the value. */
async function outputOfChild(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  child: Run,
): Promise<StoredValue> {
  const graph = await graphOf(engine, child);
  const returned = stepGivenBy(graph, graph.output);
  // A map has a result for each of its children, so there's no single one to refer to.
  const step = returned?.over === undefined ? returned?.name : undefined;
  const record = step && (await engine.store.getStep({ runId: child.runId, step, index: 0 }));
  if (record && hasResult(record) && "uri" in record.output) return record.output;
  return storeValue(engine, work.run, held, await resultOf(engine, child, graph));
}

const failureCodes = {
  SUCCEEDED: "CHILD_FAILED",
  FAILED: "CHILD_FAILED",
  CANCELLED: "CHILD_CANCELLED",
  TIMED_OUT: "CHILD_TIMED_OUT",
} as const satisfies Record<EndState, ErrorCode>;

/**
 * Why a child failed. The reason comes first, so that it survives for a child of a child of a child when messages are
 * cut.
 */
function childFailure(child: EndedRun): Failure {
  const why = child.error
    ? `${child.error.step}: ${child.error.message}`
    : (child.reason ?? "no reason is known");
  const message = `${why} (run ${child.runId} of ${child.pipeline} ended ${child.state})`;
  // A run that was stopped by hand isn't restarted automatically.
  const error = engineError(failureCodes[child.state], message.slice(0, 1000));
  return { error, retryable: child.state !== "CANCELLED" };
}

/** Moves a child step on: starts its run if nobody has, and ends the step if the run has ended. */
export async function lookAtChild(
  engine: Engine,
  work: StepWork,
  record: ChildStep & StoredStep,
): Promise<void> {
  try {
    await ensureChild(engine, work, record);
    const child = await engine.store.getRun(record.child.runId);
    if (child === undefined || isActive(child) || child.epoch < record.child.epoch) return;
    if (child.state !== "SUCCEEDED") return await failAttempt(engine, work, record, childFailure(child));
    await succeedWith(engine, work, record, await outputOfChild(engine, work, record, child));
  } catch (thrown) {
    const failure = startFailure(record, thrown);
    if (failure === undefined) throw thrown;
    await failAttempt(engine, work, record, failure);
  }
}

/** Whether the step that started a run still waits for it. */
export async function isStillNeeded(engine: Engine, { cause, runId }: Run): Promise<boolean> {
  if (cause.kind !== "step") return true;
  const parent = await engine.store.getRun(cause.runId);
  if (parent === undefined || !isActive(parent) || parent.state === "CANCELLING") return false;
  const record = await engine.store.getStep(cause);
  if (record === undefined) return false;
  if (!("child" in record) || record.child === undefined) return !("endedAt" in record);
  return !("endedAt" in record) && record.child.runId === runId;
}

/**
 * Whether a run works for this epoch of a cancelled run's step and not for a later one. A worker that is late with its
 * cancel must not stop a run that a retry has started or reopened since.
 */
function worksFor({ child }: ChildStep, parent: Run, run: Run): boolean {
  return run.epoch <= child.epoch && run.cause.kind === "step" && run.cause.epoch <= parent.epoch;
}

/**
 * Cancels the run that works for a step; true once it has ended.
 *
 * @param cancelRun cancels a run
 */
export async function cancelChild(
  engine: Engine,
  parent: Run,
  record: ChildStep,
  cancelRun: (run: Run, why: string) => Promise<void>,
): Promise<boolean> {
  const { runId } = record.child;
  const child = await engine.store.getRun(runId);
  if (child === undefined || !isActive(child) || !worksFor(record, parent, child)) return true;
  await cancelRun(child, "The run that it was a step of was cancelled");
  const after = await engine.store.getRun(runId);
  return after === undefined || !isActive(after);
}
