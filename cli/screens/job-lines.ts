import type { AttemptView } from "../../shared/run/job-view.ts";
import type { ProgressView } from "../../shared/run/run-progress.ts";
import type { StepView } from "../../shared/run/run-view.ts";
import { durationText, wrapped } from "../../shared/wording/units.ts";
import { usageText } from "../../shared/wording/usage-text.ts";

/** Max. number of a step's attempts on the screen; `--json` has all that the run's records keep. */
const maxShown = 3;

const barWidth = 20;

/**
 * A bar, a percentage, and the job's own words. If these don't say when it will be done, adds an estimate at the
 * current pace.
 */
export function progressText({ fraction, message, perMinute }: ProgressView): string {
  if (fraction === undefined) return message;
  const full = Math.round(fraction * barWidth);
  const bar = `${"█".repeat(full)}${"░".repeat(barWidth - full)}`;
  const left = perMinute === undefined ? undefined : ((1 - fraction) / perMinute) * 60_000;
  const rate =
    perMinute === undefined || left === undefined
      ? []
      : [
          [
            `${(perMinute * 100).toFixed(perMinute < 0.1 ? 1 : 0)} %/min`,
            ...(/\bleft\b/.test(message) ? [] : [`${durationText(left)} left`]),
          ].join(", "),
        ];
  return [`${bar} ${Math.floor(fraction * 100)} %`, message, ...rate]
    .filter((part) => part !== "")
    .join("  ");
}

/** How far a job is, in steps of a tenth, because each change is a line in a log. */
export function progressTenths({ fraction }: ProgressView): string {
  return fraction === undefined ? "" : `${Math.floor(fraction * 10) * 10} %`;
}

function attemptText({ epoch, attempt, index, queue, seconds, tries, reason = "" }: AttemptView): string {
  const where = index === undefined ? "" : `[${index}] `;
  const took = seconds === undefined ? "never ran" : durationText(seconds * 1000);
  const again = tries.length > 1 ? `, ${tries.length} tries` : "";
  return `${where}attempt ${epoch}.${attempt} on ${queue}, ${took}${again}: ${reason}`;
}

/** The last attempts that failed, each with its log. */
function failedLines(jobs: readonly AttemptView[], width: number): string[] {
  const failed = jobs.filter(({ state }) => state === "FAILED").slice(-maxShown);
  return failed.flatMap((attempt) => {
    const log = attempt.tries.at(-1)?.log;
    return [
      ...wrapped(attemptText(attempt), width),
      ...(log === undefined ? [] : wrapped(`log: ${log}`, width)),
    ];
  });
}

type JobFacts = Pick<StepView, "jobs" | "usage" | "progress" | "log" | "state" | "errors">;

/**
 * What a Batch step shows below its line: while it runs, its progress and its log; after its end, what it used; and how
 * earlier attempts failed.
 */
export function jobLines(
  { jobs = [], usage, progress, log, state, errors }: JobFacts,
  width: number,
): string[] {
  const ended = state === "SUCCEEDED" || state === "FAILED" || state === "TIMED_OUT" || state === "CANCELLED";
  // If the first attempt failed and was the only one, its error already shows the log.
  const lines = jobs.length === 1 && errors.length > 0 ? [] : failedLines(jobs, width);
  return [
    ...(progress === undefined ? [] : wrapped(progressText(progress), width)),
    ...(log === undefined || ended ? [] : wrapped(`log: ${log}`, width)),
    ...(usage === undefined || !ended ? [] : wrapped(usageText(usage), width)),
    ...lines,
  ];
}
