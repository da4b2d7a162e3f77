import { sweepJobs, sweepOwnJobs } from "../jobs/sweep-jobs.ts";
import type { Engine } from "../ports/engine.ts";
import { maxMessageDelay, type StepMessage } from "../ports/step-queue.ts";
import { nextSweep } from "../run/next-sweep.ts";
import { mustLook, timeOf } from "../state/holders.ts";
import type { Run } from "../state/run.ts";
import {
  childrenOf,
  hasEnded,
  hasJobs,
  hasResult,
  type KnownOutline,
  type StepIndex,
  type StepOutline,
} from "../state/step-record.ts";
import { joinFullShards, openChildren } from "../step/map-step.ts";
import { hintFor, type StepWork } from "../step/step-work.ts";

/** Milliseconds that a hint gets to arrive before the sweep sends another. */
const grace = 2000;

/** Whether a record is stuck without a hint: its lease has run out, or its time has passed. */
export function isStuck(record: StepOutline, now: number): boolean {
  const at = timeOf(record);
  return at !== undefined && at + grace < now;
}

/** Milliseconds between two ticks: a run that is due for a look may wait for the next tick. */
const tickMs = 60_000;

/**
 * Sends the hints for records whose time comes before the next look. When the time was set, it was too far off for a
 * delayed message. This way the hints arrive to the second.
 */
export async function hintNearTimes(
  engine: Engine,
  run: Run,
  records: readonly KnownOutline[],
): Promise<void> {
  const now = engine.clock.now();
  const before = nextSweep(engine) + tickMs;
  const near = records.flatMap((record) => {
    const at = "retryAt" in record ? record.retryAt : "wakeAt" in record ? record.wakeAt : now;
    const isFar = at - Date.parse(record.startedAt) > maxMessageDelay;
    return record.epoch === run.epoch && isFar && at > now && at < before ? [{ record, at }] : [];
  });
  for (const [at, group] of Map.groupBy(near, ({ at }) => at)) {
    await engine.queue.send(
      group.map(({ record }) => hintFor(record, run.epoch)),
      at - now,
    );
  }
}

/** A hint about a step or one child of a map, whether or not it has a stored record. */
function hintAt({ run, node }: StepWork, index: StepIndex, record: KnownOutline | undefined): StepMessage {
  if (record !== undefined) return hintFor(record, run.epoch);
  return { runId: run.runId, step: node.name, index, epoch: run.epoch, attempt: 1 };
}

/** Whether a record needs a hint: it's stuck, or it ended and its run may not know. */
function needsHint(record: KnownOutline, work: StepWork, now: number): boolean {
  if (hasResult(record)) return true;
  const moves = hasEnded(record) || isStuck(record, now) || mustLook(record);
  return record.epoch === work.run.epoch && moves;
}

/** Whether a child began or ended since a time, in epoch milliseconds. */
function isMoving(records: readonly KnownOutline[], since: number): boolean {
  const children = records.filter(({ index }) => index !== "map");
  return children.some((each) => Date.parse("endedAt" in each ? each.endedAt : each.startedAt) > since);
}

/**
 * The open children of a map that need a hint. A child without a record needs none if an array job is working on it, or
 * if other children of the map still begin and end: then it just waits in the queue.
 *
 * @param arrays whether Batch knows array jobs that work for the map
 */
function childrenToHint(
  engine: Engine,
  work: StepWork,
  arrays: boolean,
  open: Iterable<number>,
  records: readonly KnownOutline[],
) {
  const now = engine.clock.now();
  const mayBeInFlight = arrays || isMoving(records, now - engine.settings.sweepSeconds * 1000);
  const byIndex = new Map(records.map((record) => [record.index, record]));
  const needs = (record: KnownOutline | undefined): boolean => {
    if (record === undefined || (record.epoch < work.run.epoch && !hasResult(record))) return !mayBeInFlight;
    return needsHint(record, work, now);
  };
  return [...open].flatMap((index) => {
    const record = byIndex.get(index);
    return needs(record) ? [hintAt(work, index, record)] : [];
  });
}

/** Sends hints for a map's children that are stuck, and asks Batch about their jobs. */
async function sweepChildren(
  engine: Engine,
  work: StepWork,
  map: KnownOutline,
  children: number,
  records: readonly KnownOutline[],
): Promise<void> {
  const open = new Set(await openChildren(engine, work, children));
  if (open.size === 0) return joinFullShards(engine, work, children);
  const current = records.filter(({ epoch }) => epoch === work.run.epoch);
  const ofArrays = new Set(hasJobs(map) ? map.jobs.map(({ id }) => id) : []);
  const arrays = ofArrays.size > 0 && (await sweepJobs(engine, work, [...ofArrays], open, current)).size > 0;
  const hints = childrenToHint(engine, work, arrays, open, records);
  if (hints.length > 0) {
    engine.meter.count("StepsRedriven", { pipeline: work.run.pipeline });
    await engine.queue.send(hints);
  }
  // The children of the map's own array jobs were checked above, if Batch knows those jobs.
  const looked = (id: string) => arrays && ofArrays.has(id.split(":")[0] ?? id);
  const own = current.flatMap((child) =>
    child.index !== "map" &&
    open.has(child.index) &&
    hasJobs(child) &&
    !child.jobs.every(({ id }) => looked(id))
      ? [child]
      : [],
  );
  await sweepOwnJobs(engine, work, own, current);
}

/**
 * Repairs a step that the run waits for: sends lost hints, asks Batch about jobs whose end wasn't reported,
 * and ends jobs that wait too long.
 *
 * @param records outlines of the step's records: its own, or those of the map and its children
 */
export async function sweepStep(
  engine: Engine,
  work: StepWork,
  records: readonly KnownOutline[],
): Promise<void> {
  const { run, node } = work;
  await hintNearTimes(engine, run, records);
  const index = node.over === undefined ? 0 : "map";
  const record = records.find((each) => each.index === index);
  if (record === undefined || record.epoch < run.epoch || needsHint(record, work, engine.clock.now())) {
    engine.meter.count("StepsRedriven", { pipeline: run.pipeline });
    return engine.queue.send([hintAt(work, index, record)]);
  }
  const children = childrenOf(record);
  if (children !== undefined) return sweepChildren(engine, work, record, children, records);
  if (hasJobs(record)) await sweepOwnJobs(engine, work, [record], records);
}
