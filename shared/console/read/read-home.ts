import type { Engine } from "../../ports/engine.ts";
import { type FullLimit, fullLimits } from "../../run/full-limits.ts";
import type { ScheduleView } from "../../schedule/schedule-view.ts";
import { viewSchedules } from "../../schedule/view-schedules.ts";
import type { DayFigures } from "../../state/figures.ts";
import { isUnderWay, type Run, type RunState, type RunSummary } from "../../state/run.ts";
import { type StepIndex, stepLabel } from "../../state/step-record.ts";
import { type Section, section } from "../sources.ts";

/** The newest runs of a state, and whether there are more than were read. */
export type StateRuns = {
  readonly state: RunState;
  readonly runs: readonly RunSummary[];
  readonly more: boolean;
};

/** Runs that failed at the same step for the same reason, and the newest of them. */
export type FailureGroup = {
  readonly pipeline: string;
  /** Absent if the run has no failed step: it timed out as a whole. */
  readonly step?: string;
  /** The error's code, or its name if it is an error of the step's own code. */
  readonly error: string;
  readonly message: string;
  readonly count: number;
  /** ISO 8601, UTC. */
  readonly lastAt: string;
  readonly lastRun: string;
};

/** Failures of the last days. */
export type Failures = {
  readonly groups: readonly FailureGroup[];
  /** Runs that failed in the last day. */
  readonly lastDay: number;
  /** Whether there are more failed runs than were listed. */
  readonly more: boolean;
};

/** A step that waits for a person's answer. Times are epoch milliseconds. */
export type WaitingAnswer = {
  readonly run: Run;
  readonly step: string;
  readonly message: string;
  readonly deadlineAt: number;
};

/** What the runs of a pipeline that ended in the last days have in common. */
export type PipelineFigures = {
  readonly pipeline: string;
  /** How many ended, by state. */
  readonly ends: Readonly<Record<string, number>>;
  readonly dollars: number;
  /** Whether the cost of any of them is only a minimum. */
  readonly atLeast: boolean;
};

/** The runs of the last day: all since `since` (epoch milliseconds). */
export type RecentRuns = { readonly runs: readonly RunSummary[]; readonly since: number };

/** Runs of a pipeline that wait for a slot. */
export type WaitingRuns = {
  readonly pipeline: string;
  /** How many were listed. */
  readonly count: number;
  /** The one of them that was asked for first. */
  readonly oldest: Run;
  /** The limits that have no slot for the oldest. Empty if it is about to begin. */
  readonly limits: readonly FullLimit[];
};

export type HomePageData = {
  readonly pipelines: readonly string[];
  readonly open: Section<readonly StateRuns[]>;
  readonly recent: Section<RecentRuns>;
  readonly failures: Section<Failures>;
  readonly schedules: Section<readonly ScheduleView[]>;
  /** Runs that wait for a slot, those that were asked for first before others. */
  readonly waiting: Section<readonly WaitingRuns[]>;
  readonly approvals: Section<readonly WaitingAnswer[]>;
  /** The most expensive pipeline first. */
  readonly figures: Section<readonly PipelineFigures[]>;
};

/** States of runs that have not ended. */
export const openStates = [
  ...(["RUNNING", "PAUSED", "QUEUED", "SCHEDULED", "CANCELLING"] as const),
] satisfies readonly RunState[];
const failedStates = ["FAILED", "TIMED_OUT"] as const satisfies readonly RunState[];

const dayMs = 24 * 3_600_000;
/** Days whose failures and figures are shown; for figures, today in UTC is the last. */
export const shownDays = 7;
/** Runs that are listed: of each state, and of the last day. */
const maxOfState = 50;
const maxRecent = 200;
/** Pipelines whose waiting runs are looked at. */
const maxWaiting = 10;
/** Approvals that are read, soonest deadline first. */
const maxApprovals = 50;

async function ofState({ store }: Engine, state: RunState, since?: number): Promise<StateRuns> {
  const filter = { state, ...(since !== undefined && { since: new Date(since).toISOString() }) };
  const { runs, next } = await store.listRuns(filter, maxOfState);
  return { state, runs, more: next !== undefined };
}

async function readRecent({ store }: Engine, now: number): Promise<RecentRuns> {
  const since = now - dayMs;
  const { runs, next } = await store.listRuns({ since: new Date(since).toISOString() }, maxRecent);
  const last = runs.at(-1);
  return { runs, since: next === undefined || last === undefined ? since : Date.parse(last.startedAt) };
}

/** Why a run failed: where, the code, and the words. All children of a map are the same step. */
function reasonOf(run: Run): Pick<FailureGroup, "step" | "error" | "message"> {
  if (run.error !== undefined) {
    const { step, name, code = name, message } = run.error;
    return { step: step.replace(/\[\d+\]$/, ""), error: code, message };
  }
  return { error: run.state, message: "reason" in run && run.reason !== undefined ? run.reason : "" };
}

function grouped(runs: readonly Run[]): FailureGroup[] {
  const keyed = runs.map((run) => ({ run, reason: reasonOf(run) }));
  const groups = Map.groupBy(keyed, ({ run, reason }) =>
    JSON.stringify([run.pipeline, reason.step, reason.error]),
  );
  return [...groups.values()].flatMap((all) => {
    const [newest] = all.toSorted((a, b) => (endOf(a.run) < endOf(b.run) ? 1 : -1));
    if (newest === undefined) return [];
    const { run, reason } = newest;
    const { pipeline, runId } = run;
    return [{ pipeline, ...reason, count: all.length, lastAt: endOf(run), lastRun: runId }];
  });
}

const endOf = (run: Run | RunSummary) => ("endedAt" in run ? run.endedAt : undefined) ?? run.startedAt;

async function readFailures(engine: Engine, now: number): Promise<Failures> {
  const listed = await Promise.all(
    failedStates.map((state) => ofState(engine, state, now - shownDays * dayMs)),
  );
  const all = listed.flatMap(({ runs }) => runs).toSorted((a, b) => (endOf(a) < endOf(b) ? 1 : -1));
  const found = all.length === 0 ? [] : await engine.store.getRuns(all.map(({ runId }) => runId));
  // A run that was retried meanwhile has not failed any more.
  const runs = found.filter((run) => failedStates.some((state) => state === run.state));
  return {
    groups: grouped(runs).toSorted((a, b) => (a.lastAt < b.lastAt ? 1 : -1)),
    lastDay: all.filter((run) => Date.parse(endOf(run)) >= now - dayMs).length,
    more: listed.some(({ more }) => more),
  };
}

/** What the oldest waiting run of each pipeline waits for. */
async function readWaiting(
  { store }: Engine,
  states: Promise<readonly StateRuns[]>,
): Promise<readonly WaitingRuns[]> {
  const queued = (await states).flatMap(({ state, runs }) => (state === "QUEUED" ? runs : []));
  if (queued.length === 0) return [];
  const groups = [...Map.groupBy(queued, ({ pipeline }) => pipeline).values()]
    .flatMap((runs) => {
      const [oldest] = runs.toSorted(byStart);
      return oldest === undefined ? [] : [{ ...oldest, count: runs.length }];
    })
    .toSorted(byStart)
    .slice(0, maxWaiting);
  const found = await store.getRuns(groups.map(({ runId }) => runId));
  const byId = new Map(found.map((run) => [run.runId, run]));
  const waiting = await Promise.all(
    groups.map(async ({ runId, pipeline, count }): Promise<WaitingRuns[]> => {
      const oldest = byId.get(runId);
      if (oldest?.state !== "QUEUED") return [];
      return [{ pipeline, count, oldest, limits: await fullLimits(store, oldest) }];
    }),
  );
  return waiting.flat();
}

const byStart = (a: RunSummary, b: RunSummary) => Date.parse(a.startedAt) - Date.parse(b.startedAt);

/** Steps that wait for a person. A run that is being cancelled takes no answer. */
async function readApprovals({ store }: Engine): Promise<WaitingAnswer[]> {
  const records = await store.waitingApprovals(maxApprovals);
  if (records.length === 0) return [];
  const runs = await store.getRuns([...new Set(records.map(({ runId }) => runId))]);
  const byId = new Map(runs.map((run) => [run.runId, run]));
  return records.flatMap(({ runId, step, index, epoch, message, deadlineAt }) => {
    const run = byId.get(runId);
    if (run === undefined || !isUnderWay(run) || run.epoch !== epoch) return [];
    return [{ run, step: labelOf(step, index), message, deadlineAt }];
  });
}

/** A child by its index. The only record of a step that isn't mapped looks like the first child. */
const labelOf = (step: string, index: StepIndex) =>
  typeof index === "number" && index > 0 ? stepLabel(step, index) : step;

const dateOf = (time: number) => new Date(time).toISOString().slice(0, "YYYY-MM-DD".length);

/** The figures of the last days by pipeline. */
async function readFigures({ store }: Engine, now: number): Promise<PipelineFigures[]> {
  const days = await store.listFigures({ since: dateOf(now - (shownDays - 1) * dayMs), until: dateOf(now) });
  const byPipeline = Map.groupBy(days, ({ pipeline }) => pipeline);
  return [...byPipeline]
    .map(([pipeline, all]) => sumOf(pipeline, all))
    .toSorted((a, b) => b.dollars - a.dollars || (a.pipeline < b.pipeline ? -1 : 1));
}

function sumOf(pipeline: string, all: readonly DayFigures[]): PipelineFigures {
  const ends: Record<string, number> = {};
  for (const [state, count] of all.flatMap((each) => Object.entries(each.ends)))
    ends[state] = (ends[state] ?? 0) + count;
  const dollars = all.reduce((sum, each) => sum + each.dollars, 0);
  return { pipeline, ends, dollars, atLeast: all.some((each) => each.atLeast) };
}

/**
 * A stage at a glance, in two rounds: lists of the open states, of failed runs, of the last day and of waiting
 * approvals, the figures of the last days, and all schedules; then the runs that failed and those that wait, in batches.
 * If runs wait for slots, their limits are a third one.
 */
export async function readHome(engine: Engine): Promise<HomePageData> {
  const now = engine.clock.now();
  const states = Promise.all(openStates.map((state) => ofState(engine, state)));
  const [open, waiting, recent, failures, schedules, approvals, figures] = await Promise.all([
    section(states),
    section(readWaiting(engine, states)),
    section(readRecent(engine, now)),
    section(readFailures(engine, now)),
    section(viewSchedules(engine, 1)),
    section(readApprovals(engine)),
    section(readFigures(engine, now)),
  ]);
  const pipelines = [...engine.pipelines.keys()];
  return { pipelines, open, waiting, recent, failures, schedules, approvals, figures };
}
