import type { BackfillStore } from "../../../shared/ports/backfill-store.ts";
import { type Backfill, stoppedWith } from "../../../shared/state/backfill.ts";
import type { Run } from "../../../shared/state/run.ts";
import { wantersOf } from "../../../shared/state/wanters.ts";
import type { FaultPlan } from "../faults/fault-plan.ts";
import type { Violations } from "./violation.ts";

/** Milliseconds without a fault after which a backfill has noted which runs it wants: three ticks and some time. */
const surelyNoted = 210_000;

/** Checks what backfills store, and which runs end with their cancels. */
export class BackfillWatch {
  readonly latest = new Map<string, Backfill>();
  /** Backfills that people cancelled or tried to cancel. */
  readonly cancelled = new Set<string>();
  /** Since when each time of a backfill has been open, by backfill and time. */
  private readonly openSince = new Map<string, number>();
  private readonly world: { readonly now: number; readonly plan: FaultPlan };
  private readonly violations: Violations;

  constructor(world: { readonly now: number; readonly plan: FaultPlan }, violations: Violations) {
    this.world = world;
    this.violations = violations;
  }

  /** The store with checks around it. Answers are unchanged. */
  over(store: BackfillStore): BackfillStore {
    return {
      get: (id) => store.get(id),
      list: (limit) => store.list(limit),
      due: (now, limit) => store.due(now, limit),
      defer: (id, dueAt) => store.defer(id, dueAt),
      put: async (next) => {
        const written = await store.put(next);
        if (written && (this.latest.get(next.id)?.version ?? 0) < next.version) this.written(next);
        return written;
      },
    };
  }

  private written(next: Backfill): void {
    const isOpen = (time: string) => next.state === "RUNNING" && next.open.includes(time);
    for (const time of this.latest.get(next.id)?.open ?? [])
      if (!isOpen(time)) this.openSince.delete(`${next.id} ${time}`);
    for (const time of next.open) {
      const key = `${next.id} ${time}`;
      if (isOpen(time) && !this.openSince.has(key)) this.openSince.set(key, this.world.now);
    }
    this.latest.set(next.id, next);
  }

  /** Whether people are done with a number of backfills, and nothing is left to do for any of them. */
  areSettled(count: number): boolean {
    const all = [...this.latest.values()];
    return all.length === count && all.every(({ dueAt }) => dueAt === undefined);
  }

  /** The cancel of a backfill ends no run that another one wants. */
  stopped(before: Run, run: Run): void {
    const reason = "reason" in run ? run.reason : undefined;
    const cancelled = [...this.latest.values()].find(({ id }) => reason === stoppedWith(id));
    if (cancelled === undefined) return;
    const rule = "a backfill's cancel leaves what others want";
    const detail = `${before.runId} for ${before.scheduledAt} ended with ${cancelled.id}`;
    if (before.cause.kind !== "backfill") this.violations.add(rule, `${detail}, which did not start it`);
    const lastFault = this.world.plan.lastAt;
    for (const { id } of this.latest.values()) {
      const since = this.openSince.get(`${id} ${before.scheduledAt}`);
      if (id === cancelled.id || since === undefined) continue;
      const isNoted = wantersOf(before).has(id);
      if (isNoted || this.world.now - Math.max(since, lastFault) > surelyNoted)
        this.violations.add(rule, `${detail}; ${id} wants it`);
    }
  }

  /**
   * A backfill counts each of its times once. It counts those as failed whose runs failed or were cancelled by a person.
   *
   * @param mayFail whether a run failed by itself, or a person cancelled it
   */
  check(runs: readonly Run[], mayFail: (run: Run) => boolean): void {
    for (const { id, state, from, to, counts, total, open } of this.latest.values()) {
      const its = runs.filter(({ scheduledAt }) => scheduledAt >= from && scheduledAt < to);
      const most = its.filter(mayFail).length;
      const { succeeded, skipped, failed } = counts;
      if (failed > most)
        this.violations.add("a backfill fails by its runs", `${id} counts ${failed} failed, of ${most}`);
      const isWhole = state !== "DONE" || succeeded + skipped + failed === total;
      if (!isWhole || open.length > 0)
        this.violations.add(
          "a backfill comes to its end",
          `${id}: ${JSON.stringify({ counts, total, open })}`,
        );
    }
  }
}
