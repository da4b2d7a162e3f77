import { runIdOf } from "../run/run-id.ts";
import { scheduleCauseKey } from "../schedule/run-schedules.ts";
import type { ScheduleView } from "../schedule/schedule-view.ts";
import type { RunSummary } from "../state/run.ts";

/** Milliseconds after its time until a schedule is late: ticks come every minute, and now and then one after two. */
const lateMs = 3 * 60_000;

/** The time that a schedule should have started a run for by now, ISO 8601; undefined if there is none. */
export function lateSince({ active, upcoming: [next] }: ScheduleView, now: number): string | undefined {
  return active && next !== undefined && Date.parse(next) + lateMs < now ? next : undefined;
}

/** A time of a schedule whose run should have begun by now. */
export type LateTime = {
  readonly schedule: ScheduleView;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** The run for this time, which waits for a slot. Absent if none was started. */
  readonly runId?: string;
};

/** The time of a schedule that a run is for, if it is late. */
function lateRun(
  { pipeline, name }: ScheduleView,
  run: RunSummary,
  now: number,
): Omit<LateTime, "schedule"> | undefined {
  const { runId, scheduledAt: since } = run;
  if (run.pipeline !== pipeline || run.state !== "QUEUED" || Date.parse(since) + lateMs >= now)
    return undefined;
  return runIdOf(pipeline, since, scheduleCauseKey(name)) === runId ? { since, runId } : undefined;
}

/**
 * The oldest late time of each schedule that has any, the oldest of all first.
 *
 * @param runs the runs among which the ones that wait for a slot are found
 */
export function lateTimes(
  schedules: readonly ScheduleView[],
  runs: readonly RunSummary[],
  now: number,
): LateTime[] {
  return schedules
    .flatMap((schedule): LateTime[] => {
      const since = lateSince(schedule, now);
      const waiting = runs.flatMap((run) => lateRun(schedule, run, now) ?? []);
      const [oldest] = [...waiting, ...(since === undefined ? [] : [{ since }])].toSorted(byTime);
      return oldest === undefined ? [] : [{ schedule, ...oldest }];
    })
    .toSorted(byTime);
}

const byTime = (a: { readonly since: string }, b: { readonly since: string }) =>
  Date.parse(a.since) - Date.parse(b.since);
