import { submitStep } from "../batch/submit-step.ts";
import type { Engine } from "../ports/engine.ts";
import { dependantNamed } from "../run/after-run-step.ts";
import { fatal } from "../state/failure.ts";
import { requestApproval } from "../step/approval-step.ts";
import { startChild } from "../step/child-step.ts";
import type { Claim } from "../step/claim-step.ts";
import { startDependant } from "../step/dependant-step.ts";
import { failAttempt, skipStep } from "../step/finish-attempt.ts";
import { runFunctionStep } from "../step/function-step.ts";
import { changedList, listDigest, mayChange } from "../step/list-digest.ts";
import { expandMap, maxChildren } from "../step/map-step.ts";
import { awaitObject } from "../step/object-step.ts";
import { readOrFail } from "../step/read-or-fail.ts";
import { releaseStep } from "../step/release-step.ts";
import { itemsOf, keepForChildren, knownCountOf, shouldRun } from "../step/step-input.ts";
import type { StepWork } from "../step/step-work.ts";
import { runWait } from "../step/wait-step.ts";

async function runMap(engine: Engine, work: StepWork, claim: Claim): Promise<void> {
  const { node } = work;
  const isBatch = node.task.kind === "batch";
  const list = await readOrFail(engine, work, claim.record, async () => {
    // Jobs get their items with the submission; all other children read their own.
    const known = isBatch ? undefined : await knownCountOf(engine, work);
    if (known !== undefined) return { items: undefined, size: known };
    const items = await itemsOf(engine, work);
    return { items, size: items.length };
  });
  if (list === undefined) return;
  const { items, size } = list.value;
  if (size > maxChildren) {
    const message = `maps over ${size} items; a map takes up to ${maxChildren}`;
    return failAttempt(engine, work, claim.record, fatal("MAP_TOO_LARGE", message));
  }
  const digest = items !== undefined && mayChange(node) ? listDigest(items) : undefined;
  const before = claim.record.list;
  if (before !== undefined && before !== digest) {
    const changed = await changedList(engine, claim.record);
    if (changed !== undefined) return failAttempt(engine, work, claim.record, changed);
  }
  const kept = await readOrFail(engine, work, claim.record, () => keepForChildren(engine, work, items));
  if (kept === undefined) return;
  const record = { ...claim.record, ...(digest !== undefined && { list: digest }) };
  if (isBatch && items !== undefined && size > 1)
    return submitStep(engine, work, { ...claim, record }, items);
  await expandMap(engine, work, record, size);
}

/** Runs a step's function, or a step that follows a run's end. */
async function runFunction(engine: Engine, work: StepWork, claim: Claim, deadline: number): Promise<void> {
  const dependant = dependantNamed(engine, work.graph, work.node.name);
  if (dependant !== undefined) return startDependant(engine, work, claim.record, dependant);
  await runFunctionStep(engine, work, claim.record, deadline);
}

/** Does a step's work, or hands it to the service that does it. */
async function runTask(engine: Engine, work: StepWork, claim: Claim, deadline: number): Promise<void> {
  const held = claim.record;
  const { task } = work.node;
  switch (task.kind) {
    case "lambda":
      return runFunction(engine, work, claim, deadline);
    case "batch":
      return submitStep(engine, work, claim);
    case "child":
      return startChild(engine, work, held, task.pipeline);
    case "wait":
      return runWait(engine, work, held);
    case "object":
      return awaitObject(engine, work, held);
    case "approval":
      return requestApproval(engine, work, held);
    default:
      return task satisfies never;
  }
}

/**
 * Runs a step unless its condition says to skip it. The condition was checked for the map, so its children don't check
 * it.
 */
async function runIfWanted(engine: Engine, work: StepWork, claim: Claim, deadline: number): Promise<void> {
  const { node } = work;
  const held = claim.record;
  const isChild = node.over !== undefined && held.index !== "map";
  if (!isChild) {
    const wanted = await readOrFail(engine, work, held, () => shouldRun(engine, work));
    if (wanted === undefined) return;
    if (!wanted.value) return skipStep(engine, work, held);
  }
  if (held.index === "map") return runMap(engine, work, claim);
  await runTask(engine, work, claim, deadline);
}

/**
 * Runs a claimed step. If that isn't possible now, it releases the step and throws.
 *
 * @param deadline when the worker must have ended, epoch milliseconds
 */
export async function runStep(engine: Engine, work: StepWork, claim: Claim, deadline: number): Promise<void> {
  const watch = engine.watchdog.hold(claim.record);
  try {
    await runIfWanted(engine, work, claim, deadline);
  } catch (error) {
    await releaseStep(engine, work.run, claim.record, deadline);
    throw error;
  } finally {
    watch.end();
  }
}
