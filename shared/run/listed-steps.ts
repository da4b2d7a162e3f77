import type { FoundRecord, Page, RunStore, StepsPlace } from "../ports/run-store.ts";
import type { StepOutline } from "../state/step-record.ts";

/** The pages of a listing, one after the other, so that only one page is in memory at a time. */
async function* pagesOf<T>(
  pageFrom: (from: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<readonly T[]> {
  let from: string | undefined;
  do {
    const page = await pageFrom(from);
    yield page.records;
    from = page.next;
  } while (from !== undefined);
}

/** Outlines of the records of a step, or of the whole run, page by page. */
export function outlinePages(
  store: Pick<RunStore, "outlineSteps">,
  runId: string,
  step?: string,
): AsyncGenerator<readonly StepOutline[]> {
  return pagesOf((from) => store.outlineSteps(runId, step, from));
}

/** Records that have not ended, page by page. */
export function openPages(
  store: Pick<RunStore, "openSteps">,
  runId: string,
  place: StepsPlace = {},
): AsyncGenerator<readonly FoundRecord[]> {
  return pagesOf((from) => store.openSteps(runId, place, from));
}

/** Outlines of all records of one step. For the largest map, they take some 10 MB, whatever its results are. */
export async function outlinesOf(
  store: Pick<RunStore, "outlineSteps">,
  runId: string,
  step: string,
): Promise<StepOutline[]> {
  const all: StepOutline[] = [];
  for await (const page of outlinePages(store, runId, step)) all.push(...page);
  return all;
}
