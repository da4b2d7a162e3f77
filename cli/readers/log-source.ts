import { existsSync, readFileSync } from "node:fs";
import {
  type CloudWatchLogsClient,
  type FilterLogEventsCommandInput,
  paginateFilterLogEvents,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import type { JobLog } from "../../shared/run/job-logs.ts";
import { type LogLine, parseLogLine } from "../../shared/wording/log-line.ts";
import { localLogFile } from "./local-logs.ts";

/** Functions that log something about runs, by their short names. */
const functionNames = [
  ...["object-created", "start", "step", "step-large", "batch-state-change"],
  ...["tick", "manage", "dead-letter"],
];

/** Max. number of streams in one FilterLogEvents call (API reference). */
const maxStreams = 100;

/** The events of a log group, in the order they were written. Empty if the group doesn't exist. */
async function* events(client: CloudWatchLogsClient, input: FilterLogEventsCommandInput) {
  try {
    for await (const page of paginateFilterLogEvents({ client }, input)) yield* page.events ?? [];
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
}

/**
 * What the stage's functions wrote about a run since a time. Lines of plain text that don't name the run, such as those
 * of `console.log`, are missing, because nothing says which run they belong to.
 */
export async function functionLines(
  client: CloudWatchLogsClient,
  stage: string,
  runId: string,
  range: { startTime: number; endTime?: number },
): Promise<LogLine[]> {
  const groups = functionNames.map(async (source) => {
    const lines: LogLine[] = [];
    const group = { logGroupName: `/aws/lambda/millrace-${stage}-${source}`, filterPattern: `"${runId}"` };
    for await (const { message = "", timestamp: at = range.startTime } of events(client, {
      ...group,
      ...range,
    })) {
      lines.push(parseLogLine(message, { at, source }));
    }
    // A line can name the run and still be about another run, which it started.
    return lines.filter((line) => line.runId === undefined || line.runId === runId);
  });
  return (await Promise.all(groups)).flat();
}

/** What jobs wrote since a time, read from CloudWatch Logs. */
export async function jobLines(
  client: CloudWatchLogsClient,
  logs: readonly JobLog[],
  startTime: number,
): Promise<LogLine[]> {
  const groups = Map.groupBy(logs, ({ log }) => log.slice(0, log.indexOf(":")));
  const lines: LogLine[] = [];
  for (const [logGroupName, members] of groups) {
    const byStream = new Map(members.map((each) => [each.log.slice(logGroupName.length + 1), each]));
    const streams = [...byStream.keys()];
    for (let from = 0; from < streams.length; from += maxStreams) {
      const input = { logGroupName, logStreamNames: streams.slice(from, from + maxStreams), startTime };
      for await (const { message = "", timestamp, logStreamName = "" } of events(client, input)) {
        const whose = byStream.get(logStreamName);
        if (whose === undefined) continue;
        const { log, ...origin } = whose;
        lines.push(parseLogLine(message, { ...origin, source: log, at: timestamp ?? origin.at }));
      }
    }
  }
  return lines;
}

/** What jobs of the local stack wrote since a time. Its Batch server keeps one file for each try. */
export function localJobLines(stateDir: string, logs: readonly JobLog[], startTime: number): LogLine[] {
  return logs.flatMap(({ log, ...origin }) => {
    const file = localLogFile(stateDir, log);
    if (!existsSync(file)) return [];
    // A line without a time gets the time of the line before it.
    let { at } = origin;
    const texts = readFileSync(file, "utf8").split("\n");
    return texts
      .filter((text) => text.trim() !== "")
      .map((text) => {
        const line = parseLogLine(text, { ...origin, source: file, at });
        at = line.at;
        return line;
      })
      .filter((line) => line.at >= startTime);
  });
}
