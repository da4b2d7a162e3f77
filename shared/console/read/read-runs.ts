import { given } from "../../platform/given.ts";
import type { Engine } from "../../ports/engine.ts";
import type { RunFilter, RunStore } from "../../ports/run-store.ts";
import type { Run, RunSummary } from "../../state/run.ts";
import { listingKey } from "../../state/run-listing.ts";
import type { RequestOf } from "../page-request.ts";
import { type Section, section } from "../sources.ts";
import { matchesParameter } from "./parameter-filter.ts";
import { runRecords } from "./run-records.ts";

type Request = RequestOf<"runs">;

/** A page of runs, how many runs were searched for it and back to when, and where the next one begins. */
export type RunsPageData = {
  readonly runs: readonly RunSummary[];
  readonly searched: number;
  readonly back?: string;
  readonly next?: string;
  /** The whole runs by their ids, for what lists of runs don't have. */
  readonly records: Section<ReadonlyMap<string, Run>>;
  /** The median duration of each pipeline's runs, in milliseconds. */
  readonly medians: Section<ReadonlyMap<string, number>>;
};

/** Runs on a page. */
export const pageSize = 50;
/** Runs that one page looks at if its own filters drop most of them, and rounds of reading for that. */
export const maxSearched = 1000;
const maxRounds = 4;
/** Pipelines whose medians one page reads, and the newest runs of each that it looks at: one query a pipeline. */
const maxMedians = 8;
const medianOver = 50;

/** Milliseconds that a run took until its end, or until now. */
export function tookOf(
  { startedAt, endedAt }: Pick<RunSummary, "startedAt" | "endedAt">,
  now: number,
): number {
  return Math.max(0, (endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(startedAt));
}

/** The filters that the store can't apply, as far as a list's entry is enough. */
function keeps({ without, longer, state }: Request, run: RunSummary, now: number): boolean {
  if (without !== undefined && run.tags.includes(without)) return false;
  if (state !== undefined && !state.some((each) => each === run.state)) return false;
  return longer === undefined || tookOf(run, now) >= longer * 1000;
}

/** The filters that need the whole run. */
function keepsRecord({ cause, param }: Request, run: Run | undefined): boolean {
  if (run === undefined) return false;
  if (cause !== undefined && run.cause.kind !== cause) return false;
  return param === undefined || matchesParameter(run.params, param);
}

const needsRecords = ({ cause, param }: Request) => cause !== undefined || param !== undefined;
/** Whether the page drops runs that the store lists. */
const hasOwnFilters = (request: Request) =>
  needsRecords(request) ||
  request.without !== undefined ||
  request.longer !== undefined ||
  (request.state?.length ?? 0) > 1;

/** A run's own page starts at the key after the last run that is shown. */
const keyOf = ({ runId, startedAt }: RunSummary) => listingKey({ runId, startedAt });

/** A time filter as the store takes it. A date means its beginning, in UTC. */
const moment = (text: string | undefined) => (text === undefined ? undefined : new Date(text).toISOString());

function filterOf({ pipeline, state, tag, since, until }: Request): RunFilter {
  const [only, another] = state ?? [];
  return given({
    pipeline,
    tag,
    state: another === undefined ? only : undefined,
    since: moment(since),
    until: moment(until),
  });
}

/** The median of the newest runs of a pipeline that succeeded; undefined if none has. */
async function medianOf(store: Pick<RunStore, "listRuns">, pipeline: string, now: number) {
  const { runs } = await store.listRuns({ pipeline }, medianOver);
  const took = runs
    .filter(({ state }) => state === "SUCCEEDED")
    .map((run) => tookOf(run, now))
    .toSorted((a, b) => a - b);
  return took[Math.floor(took.length / 2)];
}

async function mediansOf(store: Pick<RunStore, "listRuns">, runs: readonly RunSummary[], now: number) {
  const pipelines = [...new Set(runs.map(({ pipeline }) => pipeline))].slice(0, maxMedians);
  const medians = await Promise.all(
    pipelines.map(async (pipeline) => [pipeline, await medianOf(store, pipeline, now)] as const),
  );
  return new Map(
    medians.flatMap(([pipeline, median]) => (median === undefined ? [] : [[pipeline, median] as const])),
  );
}

/** Finds runs, newest first, until there are enough for a page or enough was searched. */
async function find({ store }: Engine, request: Request, now: number) {
  const filter = filterOf(request);
  const atOnce = hasOwnFilters(request) ? maxSearched / maxRounds : pageSize;
  const runs: RunSummary[] = [];
  const records = new Map<string, Run>();
  let from = request.from;
  let searched = 0;
  let back: string | undefined;
  for (let round = 0; round < maxRounds && searched < maxSearched; round += 1) {
    const page = await store.listRuns(filter, atOnce, from);
    searched += page.runs.length;
    let kept = page.runs.filter((run) => keeps(request, run, now));
    if (needsRecords(request)) {
      const whole = await runRecords(
        store,
        kept.map(({ runId }) => runId),
      );
      kept = kept.filter(({ runId }) => keepsRecord(request, whole.get(runId)));
      for (const { runId } of kept) {
        const record = whole.get(runId);
        if (record !== undefined) records.set(runId, record);
      }
    }
    runs.push(...kept);
    back = page.runs.at(-1)?.startedAt ?? back;
    from = page.next;
    if (from === undefined || runs.length >= pageSize) break;
  }
  return { runs, records, searched, back, from };
}

/**
 * Runs that match, newest first, in two rounds: the list; then at once the whole runs that are shown, and the medians of
 * their pipelines. A filter that the store can't apply takes more rounds, and one by cause or parameter reads each run.
 */
export async function readRuns(engine: Engine, request: Request): Promise<RunsPageData> {
  const now = engine.clock.now();
  const { runs, records: known, searched, back, from } = await find(engine, request, now);
  const shown = runs.slice(0, pageSize);
  const last = shown.at(-1);
  const next = runs.length > pageSize && last !== undefined ? keyOf(last) : from;
  const ids = shown.map(({ runId }) => runId).filter((runId) => !known.has(runId));
  const [records, medians] = await Promise.all([
    section(runRecords(engine.store, ids).then((read) => new Map([...known, ...read]))),
    section(mediansOf(engine.store, shown, now)),
  ]);
  return { runs: shown, searched, records, medians, ...given({ back, next }) };
}
