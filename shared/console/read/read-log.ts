import { jobLogsOf } from "../../run/job-logs.ts";
import { isEnded, type Run } from "../../state/run.ts";
import { type FoundStep, stepLabel } from "../../state/step-record.ts";
import { type LogLevel, type LogLine, logLevels, parseLogLine } from "../../wording/log-line.ts";
import { type Sources, section } from "../sources.ts";

/** Lines that a page shows, and logs that it reads for them: each is one call. */
export const maxLines = 200;
export const maxLogs = 10;
/** Lines of a log that a page searches if only some of them are wanted. */
export const maxSearched = 2000;

/** The last lines of the jobs of some records, by time, and how many logs were left out. */
export type LogTail = {
  readonly lines: readonly LogLine[];
  readonly leftOut: number;
  /** Whether all lines of functions were found. */
  readonly functions: "all" | "some" | "none, because they could not be read";
  /** Lines that were read. */
  readonly read: number;
};

/** The step, or the child of a map, whose lines are wanted. Without an index, those of all children. */
export type LinePlace = { readonly step: string; readonly index?: number | undefined };

/** Which lines are wanted: those of a level or above, those with a text, or both. */
export type LineFilter = {
  readonly level?: LogLevel | undefined;
  readonly text?: string | undefined;
};

function keeps({ level, text }: LineFilter): (line: LogLine) => boolean {
  const lowest = level === undefined ? 0 : logLevels.indexOf(level);
  const wanted = text?.toLowerCase();
  return (line) =>
    logLevels.indexOf(line.level) >= lowest &&
    (wanted === undefined || `${line.message} ${JSON.stringify(line.fields)}`.toLowerCase().includes(wanted));
}

/** The place of a record's lines in a log: its own, or that of the function that failed. */
type Place = { readonly log: string; readonly at: number; readonly step: string; readonly index?: number };

/** Logs of functions that failed. A worker's log has lines of other steps too. */
function functionLogsOf(records: readonly FoundStep[]): Place[] {
  return records.flatMap((record): Place[] => {
    const log = "error" in record && record.jobAttempts === undefined ? record.error?.log : undefined;
    if (log === undefined) return [];
    const { step, index, startedAt } = record;
    const at = Date.parse(startedAt);
    return [{ log, at, step, ...(typeof index === "number" && { index }) }];
  });
}

/** Machines' clocks differ, and a run's time is written a moment after its first line. */
const marginMs = 60_000;
/** How long hooks and notices may still write after the end of a run. */
const afterEndMs = 3_600_000;

function isOf({ step, index = 0 }: LogLine, place: LinePlace | "all"): boolean {
  if (place === "all") return true;
  return step === place.step && (place.index === undefined || place.index === index);
}

/** What step functions wrote about a run, of some steps or of all. Lines that name no run are missing. */
async function readFunctionLines(
  { logs }: Pick<Sources, "logs">,
  run: Run,
  now: number,
  place: LinePlace | "all",
): Promise<Pick<LogTail, "lines" | "functions">> {
  const range = {
    from: Date.parse(run.startedAt) - marginMs,
    to: isEnded(run) ? Date.parse(run.endedAt) + afterEndMs : now + marginMs,
  };
  const found = await section(logs.search({ text: run.runId, ...range }));
  if (!found.read) return { lines: [], functions: "none, because they could not be read" };
  const { lines, isComplete } = found.value;
  return {
    lines: lines
      .map(({ at, text, log }) => parseLogLine(text, { at, source: log }))
      // A line can name the run and still be about another run, which it started.
      .filter((line) => line.runId === run.runId && isOf(line, place)),
    functions: isComplete ? "all" : "some",
  };
}

/** Lines without duplicates: a search and a worker's own log may both have a line. */
function withoutCopies(lines: readonly LogLine[]): LogLine[] {
  const keyOf = ({ at, message, fields }: LogLine) => JSON.stringify([at, message, fields]);
  return [...new Map(lines.map((line) => [keyOf(line), line])).values()];
}

/**
 * Reads the ends of the logs of the jobs that began last and of the functions that failed, and what functions wrote.
 *
 * @param filter only these lines; then more of each log is searched
 * @param functionsOf whose lines of functions are read; "none" if it has no function
 */
export async function readLogTail(
  { logs, engine }: Pick<Sources, "logs" | "engine">,
  run: Run,
  records: readonly FoundStep[],
  filter: LineFilter = {},
  functionsOf: LinePlace | "all" | "none" = "all",
): Promise<LogTail> {
  const jobs: Place[] = jobLogsOf(run, records);
  const known = new Set(jobs.map(({ log }) => log));
  const functions = functionLogsOf(records).filter(({ log }) => !known.has(log));
  const labels = new Set(functions.map(({ step, index }) => stepLabel(step, index ?? 0)));
  const isFiltered = filter.level !== undefined || filter.text !== undefined;
  const limit = isFiltered || functions.length > 0 ? maxSearched : maxLines;
  const all = [...jobs, ...functions].toSorted((a, b) => b.at - a.at);
  const ofFunctions =
    functionsOf === "none"
      ? ({ lines: [], functions: "all" } as const)
      : readFunctionLines({ logs }, run, engine.clock.now(), functionsOf);
  const read = await Promise.all(
    all.slice(0, maxLogs).map(async ({ log, ...origin }) => {
      // A line without a time gets the time of the line before it.
      let { at } = origin;
      const lines = (await logs.tail(log, limit)).map((written) => {
        at = written.at ?? at;
        const line = parseLogLine(written.text, { ...origin, source: log, at });
        at = line.at;
        return line;
      });
      if (known.has(log)) return lines;
      return lines.filter(
        ({ runId, step, index }) =>
          runId === run.runId && step !== undefined && labels.has(stepLabel(step, index ?? 0)),
      );
    }),
  );
  const { lines: found, functions: whole } = await ofFunctions;
  const lines = withoutCopies([...read.flat(), ...found].toSorted((a, b) => a.at - b.at));
  return {
    lines: lines.filter(keeps(filter)).slice(-maxLines),
    leftOut: Math.max(0, all.length - maxLogs),
    functions: whole,
    read: lines.length,
  };
}
