import { given } from "../../platform/given.ts";
import type { Engine } from "../../ports/engine.ts";
import type { RunFilter } from "../../ports/run-store.ts";
import type { RunSummary } from "../../state/run.ts";
import { listingKey } from "../../state/run-listing.ts";
import type { RequestOf } from "../page-request.ts";

/** A page of runs, how many runs were searched for it and back to when, and where the next one begins. */
export type RunsPageData = {
  readonly runs: readonly RunSummary[];
  readonly searched: number;
  readonly back?: string;
  readonly next?: string;
};

/** Runs on a page. */
export const pageSize = 50;
/** Runs of the index that one page looks at if its filters drop most of them, and rounds of reading for that. */
const maxSearched = 1000;
const maxRounds = 4;

/** The filters that the store can't apply. */
function keeps({ without, longer, state }: RequestOf<"runs">, run: RunSummary, now: number): boolean {
  if (without !== undefined && run.tags.includes(without)) return false;
  if (state !== undefined && !state.some((each) => each === run.state)) return false;
  if (longer === undefined) return true;
  const end = run.endedAt === undefined ? now : Date.parse(run.endedAt);
  return end - Date.parse(run.startedAt) >= longer * 1000;
}

/** A run's own page starts at the key after the last run that is shown. */
const keyOf = ({ runId, startedAt }: RunSummary) => listingKey({ runId, startedAt });

/** A time filter as the store takes it. A date means its beginning, in UTC. */
const moment = (text: string | undefined) => (text === undefined ? undefined : new Date(text).toISOString());

/** Runs that match, newest first, searched until there are enough for a page or enough was searched. */
export async function readRuns(engine: Engine, request: RequestOf<"runs">): Promise<RunsPageData> {
  const { pipeline, state, tag, since, until } = request;
  const [only, another] = state ?? [];
  const filter: RunFilter = given({
    pipeline,
    tag,
    state: another === undefined ? only : undefined,
    since: moment(since),
    until: moment(until),
  });
  const now = engine.clock.now();
  const runs: RunSummary[] = [];
  let from = request.from;
  let searched = 0;
  let back: string | undefined;
  for (let round = 0; round < maxRounds && searched < maxSearched; round += 1) {
    const page = await engine.store.listRuns(filter, pageSize, from);
    searched += page.runs.length;
    runs.push(...page.runs.filter((run) => keeps(request, run, now)));
    back = page.runs.at(-1)?.startedAt ?? back;
    from = page.next;
    if (from === undefined || runs.length >= pageSize) break;
  }
  const shown = runs.slice(0, pageSize);
  const last = shown.at(-1);
  const next = runs.length > pageSize && last !== undefined ? keyOf(last) : from;
  return {
    runs: shown,
    searched,
    ...(back !== undefined && { back }),
    ...(next !== undefined && { next }),
  };
}
