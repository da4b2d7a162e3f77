import { endUnlistedJobs } from "../batch/cancel-jobs.ts";
import { cancelOpenSteps, cancelRunAs, settleCancellation } from "../cancel/settle-cancellation.ts";
import { stepOf } from "../pipeline/graph.ts";
import { NewerRecordError } from "../pipeline/stored-record.ts";
import type { Engine } from "../ports/engine.ts";
import { endRun, followEnd, lastLook, openAfterRunSteps } from "../run/end-run.ts";
import { outlinesOf } from "../run/listed-steps.ts";
import { nextSweep } from "../run/next-sweep.ts";
import { graphOf } from "../run/run-graph.ts";
import { beginRun } from "../run/start-run.ts";
import { plan } from "../state/plan.ts";
import { knownSteps } from "../state/read-step.ts";
import { type EndedRun, isEnded, type RunningRun, type WaitingRun, wasStopped } from "../state/run.ts";
import { openingState } from "../state/run-changes.ts";
import { isNewer, type StepOutline } from "../state/step-record.ts";
import { unlistedIn } from "../state/waiting-approval.ts";
import { listApprovals } from "../step/approval-step.ts";
import { isStillNeeded } from "../step/child-step.ts";
import { hintNearTimes, isStuck, sweepStep } from "./sweep-step.ts";

/** Maximum number of runs that one sweep looks at; the next tick takes the others. */
const runsPerSweep = 300;

/**
 * Milliseconds after which the sweep looks again at a run that waits for a slot. Usually the run starts earlier, when
 * another run frees the slot.
 */
const queuedLook = 15 * 60_000;

/**
 * Starts a run that waits for a slot, if there is one. One admission is enough for all of a work queue's runs that are
 * due at once.
 */
async function sweepQueued(engine: Engine, run: WaitingRun, admitted: Set<string>): Promise<void> {
  if (run.onCollision !== "queue" || !admitted.has(run.queue)) {
    await beginRun(engine, run);
    if (run.onCollision === "queue") admitted.add(run.queue);
  }
  // Only after that: if this worker dies before, the next sweep tries again.
  await engine.store.deferRun(run.runId, engine.clock.now() + queuedLook, "QUEUED");
}

/** Starts a run whose time has come. */
async function sweepWaiting(engine: Engine, run: WaitingRun, admitted: Set<string>): Promise<void> {
  const now = engine.clock.now();
  if (run.state === "QUEUED") return sweepQueued(engine, run, admitted);
  const begins = Date.parse(run.scheduledAt);
  if (begins > now) return engine.store.deferRun(run.runId, begins, "SCHEDULED");
  const activeSince = new Date(now).toISOString();
  const move =
    openingState(run) === "QUEUED" ? ({ to: "QUEUED" } as const) : ({ to: "RUNNING", activeSince } as const);
  const moved = await engine.store.moveRun(run.runId, run.epoch, move, nextSweep(engine));
  if (moved?.state === "RUNNING" || moved?.state === "QUEUED") await beginRun(engine, moved);
}

/** When a run's time is up, in epoch milliseconds; undefined if the run may take forever. */
function deadlineOf(run: RunningRun, timeout: number | undefined): number | undefined {
  return timeout === undefined ? undefined : Date.parse(run.activeSince ?? run.startedAt) + timeout * 1000;
}

/** Lists the approvals among some records that older code has begun. An outline can't be replaced, so these are read. */
async function listOlderApprovals(engine: Engine, found: readonly StepOutline[]): Promise<void> {
  const unlisted = unlistedIn(found);
  if (unlisted.length === 0) return;
  await listApprovals(engine, unlistedIn(await engine.store.getSteps(unlisted)));
}

async function sweepRunning(engine: Engine, run: RunningRun): Promise<void> {
  const graph = await graphOf(engine, run);
  const deadline = deadlineOf(run, graph.timeout);
  if (deadline !== undefined && deadline <= engine.clock.now()) {
    return cancelRunAs(
      engine,
      run,
      "TIMED_OUT",
      `took longer than the ${graph.timeout} s that its pipeline allows`,
    );
  }
  // If the deadline comes before the next sweep, look again at the deadline.
  if (deadline !== undefined && deadline < nextSweep(engine))
    await engine.store.deferRun(run.runId, deadline);
  const { ready, end } = plan(graph, run.progress);
  if (end !== undefined) return endRun(engine, run, graph, end);
  if (!(await isStillNeeded(engine, run))) {
    return cancelRunAs(engine, run, "CANCELLED", "the run that it is a step of no longer waits for it");
  }
  if (run.state === "PAUSED") return;
  const nodes = ready.map((number) => stepOf(graph, number));
  const single = nodes.filter(({ over }) => over === undefined);
  const records = await engine.store.getSteps(
    single.map(({ name: step }) => ({ runId: run.runId, step, index: 0 })),
  );
  for (const node of nodes) {
    // One map at a time: its outlines are the most that is in memory.
    const found =
      node.over === undefined
        ? records.filter(({ step }) => step === node.name)
        : await outlinesOf(engine.store, run.runId, node.name);
    await listOlderApprovals(engine, found);
    // Newer code sweeps the steps that it works on. For a mapped step, that means the map with all of its children.
    if (!found.some(isNewer)) await sweepStep(engine, { run, graph, node }, knownSteps(found));
  }
}

/** Does what is left to do for a run that has ended, and closes it. */
async function sweepEnded(engine: Engine, run: EndedRun): Promise<void> {
  // The index that listed the run may be behind, so the sweep may come too early. A worker may still begin steps until
  // the time of the last look.
  if (wasStopped(run.state) && engine.clock.now() < Date.parse(run.endedAt) + lastLook) return;
  const graph = await graphOf(engine, run);
  if (wasStopped(run.state)) {
    if (!(await cancelOpenSteps(engine, run))) return;
    await endUnlistedJobs(engine, run);
  }
  const open = await openAfterRunSteps(engine, run, graph);
  const now = engine.clock.now();
  await hintNearTimes(engine, run, knownSteps(open.flatMap(({ record }) => record ?? [])));
  const stuck = open.filter(({ record }) => record === undefined || isStuck(record, now));
  await followEnd(
    engine,
    run,
    stuck.map(({ step }) => step),
  );
  if (open.length === 0) await engine.store.closeRun(run.runId, run.epoch);
}

/**
 * Looks after one run: repairs what a lost message, a dead worker or a lost event left behind.
 *
 * @param admitted the work queues whose runs this sweep has admitted already; it adds to them
 */
export async function sweepRun(
  engine: Engine,
  runId: string,
  admitted: Set<string> = new Set(),
): Promise<void> {
  // The next look is set before the run is read, so that a run that can't be read doesn't stay ahead of the others.
  await engine.store.deferRun(runId, nextSweep(engine));
  const run = await engine.store.getRun(runId);
  if (run === undefined) return;
  if (run.state === "SCHEDULED" || run.state === "QUEUED") return sweepWaiting(engine, run, admitted);
  if (run.state === "RUNNING" || run.state === "PAUSED") return sweepRunning(engine, run);
  if (run.state === "CANCELLING") return settleCancellation(engine, run);
  if (isEnded(run)) await sweepEnded(engine, run);
}

/**
 * Looks after every run that is due, each on its own: if one fails, the failure is logged and the others continue.
 *
 * @param until when it begins with no further run, epoch milliseconds. The next tick takes the others
 * @returns how many runs it looked at
 */
export async function sweepRuns(engine: Engine, until = Number.POSITIVE_INFINITY): Promise<number> {
  const due = await engine.store.dueRuns(engine.clock.now(), runsPerSweep);
  const admitted = new Set<string>();
  let swept = 0;
  for (const runId of due) {
    if (engine.clock.now() >= until) break;
    swept += 1;
    try {
      await sweepRun(engine, runId, admitted);
    } catch (error) {
      if (error instanceof NewerRecordError)
        engine.log.warn("run was written by newer code; skipped", { runId, error });
      else engine.log.error("sweep of a run failed", { runId, error });
    }
  }
  if (swept < due.length || due.length === runsPerSweep) engine.meter.count("SweepBehind", {});
  return swept;
}
