import { timeOf } from "../../../shared/state/holders.ts";
import { isUnderWay, type Run } from "../../../shared/state/run.ts";
import type { StepRecord } from "../../../shared/state/step-record.ts";
import type { World } from "../world/world.ts";

/** Milliseconds that the engine may take, after the last fault, to find a record that nobody moves on. */
const maxStuck = 20 * 60_000;

/**
 * Milliseconds, after the last fault, that a run may wait for a slot that is free. A run that nobody admits finds the
 * slot by itself after a quarter of an hour.
 */
const maxPassedOver = 8 * 60_000;

/** Checks that the engine repairs things soon, and not just at some time. */
export class Promptness {
  private readonly world: World;
  /** When a tick first saw a free slot for a run that waits for one, by run. */
  private readonly admissible = new Map<string, number>();

  constructor(world: World) {
    this.world = world;
  }

  /** Checks everything that is late by now. */
  check(): void {
    const runs = [...this.world.watch.runs.values()];
    for (const run of runs) {
      this.checkSlots(run, runs);
      if (run.state === "RUNNING")
        for (const record of this.world.watch.steps.of(run.runId)) this.checkRecord(run, record);
    }
  }

  /** Milliseconds since something happened or the last fault, whichever was later. */
  private since(at: number): number {
    return this.world.now - Math.max(at, this.world.plan.lastAt);
  }

  private checkRecord(run: Run, record: StepRecord): void {
    const at = record.epoch === run.epoch ? timeOf(record) : undefined;
    if (at === undefined || this.since(at) <= maxStuck) return;
    const { runId, step, index, state } = record;
    this.world.violations.add(
      "what stands still is found soon",
      `${runId}/${step}[${index}] is ${state}, and its time passed ${this.world.now - at} ms ago`,
    );
  }

  private checkSlots(run: Run, runs: readonly Run[]): void {
    const isFree = ({ name, limit }: { name: string; limit: number }) =>
      runs.filter((each) => isUnderWay(each) && each.limits.some((its) => its.name === name)).length < limit;
    if (run.state !== "QUEUED" || !run.limits.every(isFree)) {
      this.admissible.delete(run.runId);
      return;
    }
    const first = this.admissible.get(run.runId) ?? this.world.now;
    this.admissible.set(run.runId, first);
    if (this.since(first) > maxPassedOver)
      this.world.violations.add(
        "a free slot is given soon",
        `${run.runId} has waited for ${this.world.now - first} ms, although its slots are free`,
      );
  }
}
