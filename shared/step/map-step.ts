import { shardOf, shardSize } from "../objects/layout.ts";
import { mapConcurrently } from "../platform/map-concurrently.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep, Tally, TallyKey } from "../ports/run-store.ts";
import type { StepMessage } from "../ports/step-queue.ts";
import { outlinePages } from "../run/listed-steps.ts";
import { expanded } from "../state/step-changes.ts";
import { type HeldStep, hasResult } from "../state/step-record.ts";
import { replaceStep } from "./claim-step.ts";
import { succeedWith } from "./finish-attempt.ts";
import { joinShard, ownPrice } from "./join-step.ts";
import type { StepWork } from "./step-work.ts";

/**
 * Maximum number of children of a map: the largest array job of AWS Batch, and the size that one run's records are
 * designed for.
 */
export const maxChildren = 10_000;

function tallyKey({ run, node }: StepWork, shard: TallyKey["shard"]): TallyKey {
  return { runId: run.runId, step: node.name, shard };
}

/** Shard numbers of a map, by its number of children. */
function shardsOf(children: number): number[] {
  return Array.from({ length: children === 0 ? 0 : shardOf(children - 1) + 1 }, (_, shard) => shard);
}

/** The children of a shard. */
function membersOf(shard: number, children: number): number[] {
  const first = shard * shardSize;
  return Array.from(
    { length: Math.max(0, Math.min(children - first, shardSize)) },
    (_, place) => first + place,
  );
}

/** Creates the tallies of a map. Those of an earlier epoch keep the children that are done. */
export async function openTallies(engine: Engine, work: StepWork, children: number): Promise<void> {
  const { epoch } = work.run;
  const shards = shardsOf(children);
  await mapConcurrently(shards, (shard) =>
    engine.store.openTally(tallyKey(work, shard), epoch, membersOf(shard, children).length),
  );
  await engine.store.openTally(tallyKey(work, "map"), epoch, shards.length);
}

/** The tallies of a map's shards, in order. */
async function talliesOf(engine: Engine, work: StepWork, children: number): Promise<(Tally | undefined)[]> {
  return mapConcurrently(shardsOf(children), (shard) => engine.store.getTally(tallyKey(work, shard)));
}

/**
 * Counts the children that succeeded but were never joined: they must not run again. Some succeeded in an earlier epoch,
 * and others in this one, if the worker that submitted their job died before it recorded that. Nearly all children were
 * joined, and joining thousands again would take longer than a worker has.
 */
export async function joinSucceeded(engine: Engine, work: StepWork, children: number): Promise<void> {
  const { run, node } = work;
  if (run.epoch === 1) return;
  const tallies = await talliesOf(engine, work, children);
  for await (const page of outlinePages(engine.store, run.runId, node.name)) {
    for (const record of page) {
      const { index } = record;
      if (index === "map" || !hasResult(record) || hasJoined(tallies[shardOf(index)], index)) continue;
      const key = tallyKey(work, shardOf(index));
      await engine.store.joinTally(key, run.epoch, index, "done", ownPrice(work, record));
    }
  }
}

/** Children that haven't ended in this epoch. */
export async function openChildren(engine: Engine, work: StepWork, children: number): Promise<number[]> {
  const tallies = await talliesOf(engine, work, children);
  return tallies.flatMap((tally, shard) =>
    membersOf(shard, children).filter((index) => !hasJoined(tally, index)),
  );
}

function hasJoined(tally: Tally | undefined, index: number): boolean {
  return tally !== undefined && (tally.done.has(index) || tally.failed.has(index));
}

function childMessage({ run, node }: StepWork, index: number): StepMessage {
  return { runId: run.runId, step: node.name, index, epoch: run.epoch, attempt: 1 };
}

/** Sends the hints for a shard's children that haven't ended. If all have ended, joins the shard to its map. */
export async function driveShard(
  engine: Engine,
  work: StepWork,
  shard: number,
  children: number,
): Promise<void> {
  const tally = await engine.store.getTally(tallyKey(work, shard));
  const open = membersOf(shard, children).filter((index) => !hasJoined(tally, index));
  if (open.length > 0) return engine.queue.send(open.map((index) => childMessage(work, index)));
  if (tally !== undefined) await joinShard(engine, work, shard, tally);
}

/** Joins every complete shard to its map, in case that didn't happen. */
export async function joinFullShards(engine: Engine, work: StepWork, children: number): Promise<void> {
  for (const [shard, tally] of (await talliesOf(engine, work, children)).entries()) {
    if (tally !== undefined) await joinShard(engine, work, shard, tally);
  }
}

/** Starts or restarts the children of a map: all at once if the map is small, otherwise through one hint per shard. */
export async function driveMap(engine: Engine, work: StepWork, children: number): Promise<void> {
  const shards = shardsOf(children);
  if (shards.length === 1) return driveShard(engine, work, 0, children);
  const { runId, epoch } = work.run;
  await engine.queue.send(
    shards.map((shard) => ({ runId, step: work.node.name, index: "map", epoch, shard })),
  );
}

/** Expands a map whose children are functions or single jobs. */
export async function expandMap(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
  children: number,
): Promise<void> {
  // An empty map ends at once. A repeat's condition isn't checked, because only children make passes.
  if (children === 0) return succeedWith(engine, work, held, { value: null });
  await openTallies(engine, work, children);
  if ((await replaceStep(engine, expanded(held, children), held)) === undefined) return;
  await driveMap(engine, work, children);
}
