import type { RunSummary } from "../state/run.ts";

/** What some runs have in common. */
export type RunFigures = {
  /** Runs that succeeded, and those that failed or timed out. Cancelled ones say nothing about a pipeline. */
  readonly succeeded: number;
  readonly failed: number;
  /** Of the runs that succeeded, from the request to the end, in milliseconds; absent if none did. */
  readonly median?: number;
  readonly p95?: number;
};

/** From the request to the end, or to now, in milliseconds. */
export function milliseconds({ startedAt, endedAt }: RunSummary, now: number): number {
  return Math.max(0, (endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(startedAt));
}

/** The smallest value that at least this share of the values doesn't exceed. @param sorted ascending */
export function percentile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

/** Success and durations of some runs. */
export function figuresOf(runs: readonly RunSummary[], now: number): RunFigures {
  const succeeded = runs.filter(({ state }) => state === "SUCCEEDED");
  const failed = runs.filter(({ state }) => state === "FAILED" || state === "TIMED_OUT");
  const durations = succeeded.map((run) => milliseconds(run, now)).toSorted((a, b) => a - b);
  const median = percentile(durations, 0.5);
  const p95 = percentile(durations, 0.95);
  return {
    succeeded: succeeded.length,
    failed: failed.length,
    ...(median !== undefined && { median }),
    ...(p95 !== undefined && { p95 }),
  };
}
