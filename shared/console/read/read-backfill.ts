import type { BackfillView } from "../../backfill/backfill-view.ts";
import { BackfillNotFoundError } from "../../backfill/start-backfill.ts";
import { viewBackfill } from "../../backfill/view-backfill.ts";
import { timesFrom } from "../../pipeline/timetable.ts";
import type { Engine } from "../../ports/engine.ts";
import { runIdOf } from "../../run/run-id.ts";
import type { Backfill } from "../../state/backfill.ts";
import type { RunState, RunSummary } from "../../state/run.ts";
import { type Section, section } from "../sources.ts";

/**
 * What is known of a backfill's time. `ended`: it has been checked and isn't open; it succeeded, unless failed runs lie
 * further back than was read.
 */
export type TimeKind = "failed" | "open" | "succeeded" | "ended" | "left";

/** A time of a backfill, ISO 8601 in UTC, and the run that it has or would get. */
export type BackfillTime = { readonly time: string; readonly runId: string; readonly kind: TimeKind };

export type BackfillPageData = {
  readonly view: BackfillView;
  readonly plan: Pick<Backfill, "createdAt" | "passAt" | "timetable" | "retryFailed">;
  readonly times: Section<readonly BackfillTime[]>;
};

/** Failed runs of the pipeline that one page looks at, for each state. */
const maxFailed = 500;
/** Times of a backfill, as `plan-backfill.ts` allows them. */
const maxTimes = 10_000;
/** Backfills in the list. */
const maxListed = 50;

/** States in which a run leaves its time without a result. */
const failedStates = ["FAILED", "TIMED_OUT", "CANCELLED"] as const satisfies readonly RunState[];

/** The pipeline's runs without success, by id, and whether these are all. */
async function failedRuns({ store }: Engine, pipeline: string) {
  const pages = await Promise.all(
    failedStates.map((state) => store.listRuns({ pipeline, state }, maxFailed)),
  );
  return {
    runs: new Map<string, RunSummary>(pages.flatMap(({ runs }) => runs.map((run) => [run.runId, run]))),
    isAll: pages.every(({ next }) => next === undefined),
  };
}

function kindOf(
  { open, next }: { readonly open: ReadonlySet<string>; readonly next: string | undefined },
  time: string,
  isFailed: boolean,
  isAll: boolean,
): TimeKind {
  if (open.has(time)) return "open";
  if (next !== undefined && time >= next) return "left";
  if (isFailed) return "failed";
  return isAll ? "succeeded" : "ended";
}

/** All times of a backfill. What is stored says which were checked; the pipeline's failed runs say which failed. */
async function timesOf(engine: Engine, backfill: Backfill): Promise<BackfillTime[]> {
  const { pipeline, timetable, from, to, causeKey, next } = backfill;
  const failed = await failedRuns(engine, pipeline);
  const known = { open: new Set(backfill.open), next };
  // The timetable has a time zone of its own.
  return timesFrom(
    timetable,
    new Date(from),
    { timezone: "UTC" },
    { before: new Date(to), max: maxTimes },
  ).map((each) => {
    const time = each.toISOString();
    const runId = runIdOf(pipeline, time, causeKey);
    return { time, runId, kind: kindOf(known, time, failed.runs.has(runId), failed.isAll) };
  });
}

/** A backfill in two rounds: what is stored of it, and the pipeline's runs that failed. It reads no run by itself. */
export async function readBackfill(engine: Engine, id: string): Promise<BackfillPageData> {
  const backfill = await engine.backfills.get(id);
  if (backfill === undefined) throw new BackfillNotFoundError(id);
  const times = await section(timesOf(engine, backfill));
  return { view: viewBackfill(backfill), plan: backfill, times };
}

/** The newest backfills, in one read. */
export async function readBackfills({ backfills }: Engine): Promise<readonly BackfillView[]> {
  return (await backfills.list(maxListed)).map(viewBackfill);
}
