import { setTimeout as delay } from "node:timers/promises";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { jobLogsOf } from "../../shared/run/job-logs.ts";
import { isEnded, type Run } from "../../shared/state/run.ts";
import { type LogLevel, type LogLine, logLevels } from "../../shared/wording/log-line.ts";
import type { StepPlace } from "../step-place.ts";
import { functionLines, jobLines, localJobLines } from "./log-source.ts";
import { runNamed, type Target } from "./target.ts";

/** Which lines to read. */
export type LogFilter = {
  readonly place?: StepPlace;
  /** The lowest level to show. */
  readonly level: LogLevel;
  /** Epoch milliseconds. The default is the run's beginning. */
  readonly since?: number;
};

/** Machines' clocks differ, and a run's time is written a moment after its first line. */
const marginMs = 60_000;
/** How long hooks and notices may still write after the end of a run. */
const afterEndMs = 3_600_000;

/** Whether a line belongs to this step, or to this child of it. */
function isOf({ step, index }: StepPlace, line: LogLine): boolean {
  return line.step === step && (index === undefined || (line.index ?? 0) === index);
}

/** The run's lines that are known so far, ordered by time. */
async function readLines(
  { stage, store, stateDir }: Target,
  client: CloudWatchLogsClient,
  run: Run,
  { place, level, since }: LogFilter,
): Promise<LogLine[]> {
  const from = Math.max(Date.parse(run.startedAt) - marginMs, since ?? 0);
  const until = isEnded(run) ? { endTime: Date.parse(run.endedAt) + afterEndMs } : {};
  const logs = jobLogsOf(run, await store.listSteps(run.runId, place?.step)).filter(
    ({ index }) => place?.index === undefined || index === place.index,
  );
  const [ofFunctions, ofJobs] = await Promise.all([
    functionLines(client, stage, run.runId, { startTime: from, ...until }),
    stateDir === undefined ? jobLines(client, logs, from) : localJobLines(stateDir, logs, from),
  ]);
  return [...ofFunctions, ...ofJobs]
    .filter((line) => place === undefined || isOf(place, line))
    .filter((line) => logLevels.indexOf(line.level) >= logLevels.indexOf(level) && line.at >= from)
    .sort((a, b) => a.at - b.at);
}

/**
 * How many more looks follow the run's end. A function's last lines appear only after its invocation, on AWS seconds
 * later.
 */
const pollsAfterEnd = 3;

/**
 * The lines of a run.
 *
 * @param follow whether to continue with new lines until the run ends. Lines come in the order they're found: a
 *   function's line may come after a later line of a job
 * @returns the run as it was last seen
 * @throws MillraceError if there is no such run
 */
export async function* runLog(
  target: Target,
  runId: string,
  filter: LogFilter,
  follow: boolean,
): AsyncGenerator<LogLine[], Run> {
  const client = new CloudWatchLogsClient(target.config);
  const seen = new Set<string>();
  let looks = pollsAfterEnd;
  let { since } = filter;
  for (;;) {
    const run = await runNamed(target, runId);
    const lines = await readLines(target, client, run, { ...filter, ...(since !== undefined && { since }) });
    const fresh = lines.filter((line) => {
      const key = `${line.at} ${line.source} ${line.message} ${JSON.stringify(line.fields)}`;
      return !seen.has(key) && seen.add(key);
    });
    yield fresh;
    if (!follow) return run;
    if (isEnded(run)) looks -= 1;
    if (looks === 0) return run;
    // Don't read everything again, only far enough back for lines that came late.
    const last = lines.at(-1)?.at;
    if (last !== undefined) since = Math.max(since ?? 0, last - 2 * marginMs);
    await delay(target.pollMs);
  }
}
