import { jobLogsOf } from "../../run/job-logs.ts";
import type { Run } from "../../state/run.ts";
import type { FoundStep } from "../../state/step-record.ts";
import { type LogLine, parseLogLine } from "../../wording/log-line.ts";
import type { Sources } from "../sources.ts";

/** Lines that a page shows, and logs that it reads for them: each is one call. */
export const maxLines = 200;
export const maxLogs = 10;

/** The last lines of the jobs of some records, by time, and how many logs were left out. */
export type LogTail = { readonly lines: readonly LogLine[]; readonly leftOut: number };

/** Reads the ends of the logs of the jobs that began last. */
export async function readLogTail(
  { logs }: Pick<Sources, "logs">,
  run: Run,
  records: readonly FoundStep[],
): Promise<LogTail> {
  const all = jobLogsOf(run, records).toSorted((a, b) => b.at - a.at);
  const read = await Promise.all(
    all.slice(0, maxLogs).map(async ({ log, ...origin }) => {
      // A line without a time gets the time of the line before it.
      let { at } = origin;
      return (await logs.tail(log, maxLines)).map((written) => {
        at = written.at ?? at;
        const line = parseLogLine(written.text, { ...origin, source: log, at });
        at = line.at;
        return line;
      });
    }),
  );
  const lines = read.flat().toSorted((a, b) => a.at - b.at);
  return { lines: lines.slice(-maxLines), leftOut: Math.max(0, all.length - maxLogs) };
}
