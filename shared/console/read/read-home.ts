import { mapConcurrently } from "../../platform/map-concurrently.ts";
import type { Engine } from "../../ports/engine.ts";
import type { ScheduleView } from "../../schedule/schedule-view.ts";
import { viewSchedules } from "../../schedule/view-schedules.ts";
import type { Run, RunState, RunSummary } from "../../state/run.ts";
import type { StepKey } from "../../state/step-record.ts";
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
  /** Failed runs whose reason was not read. */
  readonly unread: number;
  /** Whether there are more failed runs than were listed. */
  readonly more: boolean;
};

/** A step that waits for a person's answer. */
export type WaitingAnswer = { readonly run: RunSummary; readonly step: string; readonly message: string };

/** The runs of the last day: all since `since` (epoch milliseconds). */
export type RecentRuns = { readonly runs: readonly RunSummary[]; readonly since: number };

export type HomePageData = {
  readonly pipelines: readonly string[];
  readonly open: Section<readonly StateRuns[]>;
  readonly recent: Section<RecentRuns>;
  readonly failures: Section<Failures>;
  readonly schedules: Section<readonly ScheduleView[]>;
  readonly approvals: Section<readonly WaitingAnswer[]>;
};

/** States of runs that have not ended. */
export const openStates = [
  ...(["RUNNING", "PAUSED", "QUEUED", "SCHEDULED", "CANCELLING"] as const),
] satisfies readonly RunState[];
const failedStates = ["FAILED", "TIMED_OUT"] as const satisfies readonly RunState[];

const dayMs = 24 * 3_600_000;
/** Days whose failures are shown. */
export const failureDays = 7;
/** Runs that are listed: of each state, and of the last day. */
const maxOfState = 50;
const maxRecent = 200;
/** Failed runs whose reason is read, newest first. */
const maxReasons = 25;
/** Records of approvals that one batch read takes. */
const maxApprovals = 100;

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
    failedStates.map((state) => ofState(engine, state, now - failureDays * dayMs)),
  );
  const all = listed.flatMap(({ runs }) => runs).toSorted((a, b) => (endOf(a) < endOf(b) ? 1 : -1));
  const found = await mapConcurrently(all.slice(0, maxReasons), ({ runId }) => engine.store.getRun(runId));
  // A run that was retried meanwhile has not failed any more.
  const runs = found.flatMap((run) =>
    run !== undefined && failedStates.some((state) => state === run.state) ? [run] : [],
  );
  return {
    groups: grouped(runs).toSorted((a, b) => (a.lastAt < b.lastAt ? 1 : -1)),
    lastDay: all.filter((run) => Date.parse(endOf(run)) >= now - dayMs).length,
    unread: Math.max(0, all.length - maxReasons),
    more: listed.some(({ more }) => more),
  };
}

/** Steps of runs under way that wait for a person, by the deployed definitions of their pipelines. */
async function readApprovals(engine: Engine, open: readonly StateRuns[]): Promise<WaitingAnswer[]> {
  const runs = open
    .filter(({ state }) => state === "RUNNING" || state === "PAUSED")
    .flatMap((each) => each.runs);
  const keys = runs.flatMap(({ runId, pipeline }): StepKey[] => {
    const { steps = [] } = engine.pipelines.get(pipeline)?.graph ?? {};
    return steps
      .filter(({ task, over }) => task.kind === "approval" && over === undefined)
      .map(({ name }) => ({ runId, step: name, index: 0 }));
  });
  if (keys.length === 0) return [];
  const records = await engine.store.getSteps(keys.slice(0, maxApprovals));
  const byId = new Map(runs.map((run) => [run.runId, run]));
  return records.flatMap((record) => {
    const run = byId.get(record.runId);
    return record.state === "PAUSED" && run !== undefined
      ? [{ run, step: record.step, message: record.message }]
      : [];
  });
}

/**
 * A stage at a glance, in two rounds: lists of the open states, of failed runs and of the last day, and all schedules;
 * then the reasons of the newest failures and one batch read of the steps that may wait for a person.
 */
export async function readHome(engine: Engine): Promise<HomePageData> {
  const now = engine.clock.now();
  const listed = Promise.all(openStates.map((state) => ofState(engine, state)));
  const [open, recent, failures, schedules, approvals] = await Promise.all([
    section(listed),
    section(readRecent(engine, now)),
    section(readFailures(engine, now)),
    section(viewSchedules(engine, 1)),
    section(listed.then((all) => readApprovals(engine, all))),
  ]);
  return { pipelines: [...engine.pipelines.keys()], open, recent, failures, schedules, approvals };
}
