import type { Engine } from "../ports/engine.ts";
import { RunNotFoundError, RunStateError } from "../run/run-errors.ts";
import { nodeOf } from "../run/run-graph.ts";
import { isUnderWay, type Run } from "../state/run.ts";
import { answerApproval, type Reply } from "../step/approval-step.ts";

/** The answer to an approval; `index` is the child's index if the step is mapped. */
export type ApprovalAnswer = Reply & {
  readonly runId: string;
  readonly step: string;
  readonly index: number;
};

/**
 * Answers an approval. Only the first answer counts.
 *
 * @returns the run after the answer
 * @throws RunNotFoundError
 * @throws RunStateError if the step doesn't wait for an answer
 */
export async function approveStep(engine: Engine, request: ApprovalAnswer): Promise<Run> {
  // The sweep may write the record again, once, if older code has begun the approval.
  for (let tried = 1; ; tried += 1) {
    const answered = await tryToAnswer(engine, request);
    if (answered !== undefined) return answered;
    if (tried === tries) break;
  }
  const { runId, step } = request;
  throw new RunStateError(
    `step ${step} of run ${runId} no longer waits for an answer: someone else answered just now, or it was cancelled`,
  );
}

/** How often an answer is tried if the record changes meanwhile. */
const tries = 2;

/** One try to answer. @returns undefined if the record has changed since it was read */
async function tryToAnswer(engine: Engine, request: ApprovalAnswer): Promise<Run | undefined> {
  const { runId, step, index, ...answer } = request;
  const run = await engine.store.getRun(runId);
  if (run === undefined) throw new RunNotFoundError(runId);
  const record = await engine.store.getStep({ runId, step, index });
  const found = await nodeOf(engine, run, step);
  if (found === undefined) {
    throw new RunStateError(`run ${runId} has no step "${step}"`);
  }
  const waits = record !== undefined && record.state === "PAUSED" && record.epoch === run.epoch;
  if (!waits || !isUnderWay(run)) {
    const state = record === undefined ? "not reached yet" : record.state;
    throw new RunStateError(
      `step ${step} of run ${runId} does not wait for an answer: the step is ${state}, the run is ${run.state}`,
    );
  }
  if (!(await answerApproval(engine, { run, ...found }, record, answer))) return undefined;
  return (await engine.store.getRun(runId)) ?? run;
}
