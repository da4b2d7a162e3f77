import { submitStep } from "../batch/submit-step.ts";
import type { Engine } from "../engine.ts";
import type { Json } from "../pipeline/json.ts";
import { maxMessageDelay, type StepMessage } from "../queue/step-queue.ts";
import { nodeOf } from "../run/run-graph.ts";
import { awaitsChildren, childrenOf } from "../state/step-record.ts";
import { type Claim, claimStep } from "../step/claim-step.ts";
import { fatal, lostAttemptsLimit } from "../step/failure.ts";
import { failAttempt, skipStep } from "../step/finish-attempt.ts";
import { runFunctionStep } from "../step/function-step.ts";
import { joinEnded } from "../step/join-step.ts";
import { driveMap, driveShard, expandMap, maxChildren } from "../step/map-step.ts";
import { readOrFail } from "../step/read-or-fail.ts";
import { itemsOf, shouldRun } from "../step/step-input.ts";
import type { StepWork } from "../step/step-work.ts";
import type { StoredStep } from "../store/run-store.ts";

/** Milliseconds that a lease lasts beyond the time that the work may take. */
const leaseSlack = 5000;

/** The records' own trouble: a step whose workers die each time must end, not come back for ever. */
function isPoison(record: StoredStep): boolean {
  return record.attempt - record.failures > lostAttemptsLimit;
}

async function runMap(engine: Engine, work: StepWork, claim: Claim): Promise<void> {
  const { run, graph, node } = work;
  const list = await readOrFail<readonly Json[]>(engine, work, claim.record, () =>
    itemsOf(engine, run, graph, node),
  );
  if (list === undefined) return;
  const items = list.value;
  if (items.length > maxChildren) {
    const message = `maps over ${items.length} items; a map takes up to ${maxChildren}: split the list over several steps`;
    return failAttempt(engine, work, claim.record, fatal("MapTooLarge", message));
  }
  if (node.task.kind === "batch" && items.length > 1) return submitStep(engine, work, claim, items);
  await expandMap(engine, work, claim.record, items);
}

async function runClaimed(engine: Engine, work: StepWork, claim: Claim, deadline: number): Promise<void> {
  const { run, graph, node } = work;
  const held = claim.record;
  if (isPoison(held)) {
    const message = `its worker died ${held.attempt - 1} times while it ran (killed, or out of memory); see the worker's log`;
    return failAttempt(engine, work, held, fatal("WorkerLost", message));
  }
  const isChild = node.over !== undefined && held.index !== "map";
  if (!isChild) {
    const wanted = await readOrFail(engine, work, held, () => shouldRun(engine, run, graph, node));
    if (wanted === undefined) return;
    if (!wanted.value) return skipStep(engine, work, held);
  }
  if (held.index === "map") return runMap(engine, work, claim);
  if (node.task.kind === "batch") return submitStep(engine, work, claim);
  await runFunctionStep(engine, work, held, deadline);
}

/**
 * Works on a step because a message hints at it. The message may be late, repeated or wrong: what is stored decides.
 * When this returns, the message has done its service; when it throws, it should come back.
 *
 * @param deadline when the worker must have ended, epoch milliseconds
 */
export async function handleStepMessage(
  engine: Engine,
  message: StepMessage,
  deadline: number,
): Promise<void> {
  const { runId, step, index, epoch, shard } = message;
  const run = await engine.store.getRun(runId);
  if (run === undefined || run.state !== "RUNNING" || run.epoch !== epoch) return;
  const found = await nodeOf(engine, run, step);
  if (found === undefined) return engine.log.warn("message for a step that the run's graph lacks", message);
  const work: StepWork = { run, ...found };
  const { node } = work;
  const submits = node.task.kind === "batch";
  const now = engine.clock.now();
  if (shard !== undefined) {
    const map = await engine.store.getStep({ runId, step, index: "map" });
    const children = map && childrenOf(map);
    if (children !== undefined) await driveShard(engine, work, shard, children);
    return;
  }
  const lease =
    submits || index === "map" ? engine.settings.submitLeaseSeconds * 1000 : node.timeout * 1000 + leaseSlack;
  const claim = await claimStep(engine, {
    key: { runId, step, index },
    epoch,
    state: submits ? "SUBMITTED" : "RUNNING",
    now,
    leaseUntil: now + lease,
  });
  if (claim.kind === "claim") return runClaimed(engine, work, claim, deadline);
  if (claim.kind === "ended") return joinEnded(engine, work, claim.record);
  if (claim.kind === "later") {
    return engine.queue.send([message], Math.min(Math.max(claim.at - now, 1000), maxMessageDelay));
  }
  if (claim.kind === "away" && awaitsChildren(claim.record)) {
    await driveMap(engine, work, claim.record.children);
  }
}
