import type { Run } from "../state/run.ts";
import { type FoundStep, hasJobs } from "../state/step-record.ts";

/** The log of one try of a Batch job: `group:stream`, and which step it belongs to. */
export type JobLog = {
  readonly log: string;
  readonly step: string;
  /** Index of the child; missing for a step that isn't mapped and for the map itself. */
  readonly index?: number;
  /** `{epoch}.{attempt}` */
  readonly attempt?: string;
  /** When it began, in epoch milliseconds. */
  readonly at: number;
};

/** The logs of all jobs that worked for a run, including those that run now. Each appears once. */
export function jobLogsOf(run: Run, records: readonly FoundStep[]): JobLog[] {
  const began = Date.parse(run.startedAt);
  const logs = records.flatMap((record): JobLog[] => {
    const { step, index, epoch, attempt } = record;
    const whose = { step, ...(typeof index === "number" && { index }) };
    const ended = (record.jobAttempts ?? []).flatMap(({ tries, ...made }) =>
      tries.flatMap(({ log, startedAt = began }) =>
        log === undefined ? [] : [{ ...whose, log, at: startedAt, attempt: `${made.epoch}.${made.attempt}` }],
      ),
    );
    if (!hasJobs(record) || record.log === undefined) return ended;
    const { log, runningSince = began } = record;
    return [...ended, { ...whose, log, at: runningSince, attempt: `${epoch}.${attempt}` }];
  });
  return [...new Map(logs.map((each) => [each.log, each])).values()];
}
