import { tableType } from "../../objects/report-files.ts";
import type { Json } from "../../pipeline/json.ts";
import type { Engine } from "../../ports/engine.ts";
import type { RequestOf } from "../page-request.ts";
import { type Section, type Sources, section } from "../sources.ts";
import { type Report, readReports } from "./read-reports.ts";
import { type RunPageData, readResult, readRun } from "./read-run.ts";

/** One of the runs that are compared. */
export type ComparedRun = {
  readonly runId: string;
  readonly data: Section<RunPageData>;
  readonly result: Section<Json | undefined>;
};

/** A table that a step of one of the runs made. */
export type RunReport = { readonly runId: string; readonly step: string; readonly report: Report };

export type ComparePageData = {
  readonly runs: readonly ComparedRun[];
  readonly reports: Section<readonly RunReport[]>;
};

/** Tables of one run that a page reads for curves, each with one call. */
const maxTables = 4;

/** The tables that results of a run's steps name. */
async function readTables(engine: Engine, { run, view }: RunPageData): Promise<RunReport[]> {
  const named = view.steps
    .filter(({ children }) => children === undefined)
    .flatMap(({ name, artifacts }) =>
      artifacts.filter(({ mediaType }) => mediaType === tableType).map((artifact) => ({ name, artifact })),
    )
    .slice(0, maxTables);
  const reports = await readReports(
    engine.objects,
    named.map(({ artifact }) => artifact),
  );
  return reports.flatMap((report, place) => {
    const step = named[place]?.name;
    return step === undefined ? [] : [{ runId: run.runId, step, report }];
  });
}

async function readOne(engine: Engine, runId: string): Promise<ComparedRun> {
  const data = await section(readRun(engine, runId));
  return {
    ...{ runId, data },
    result: data.read ? await readResult(engine, data.value) : { read: true, value: undefined },
  };
}

/** Reads each run as its own page does, all at once. A run that can't be read doesn't keep the others away. */
export async function readCompared(
  { engine }: Sources,
  { runs }: RequestOf<"compare">,
): Promise<ComparePageData> {
  const compared = await Promise.all([...new Set(runs)].map((runId) => readOne(engine, runId)));
  const reports = await section(
    Promise.all(compared.flatMap(({ data }) => (data.read ? [readTables(engine, data.value)] : []))),
  );
  return {
    runs: compared,
    reports: reports.read ? { read: true, value: reports.value.flat() } : reports,
  };
}
