import path from "node:path";
import { attemptDirectory } from "../../local/batch/configuration.ts";
import { statePaths } from "../../local/stack/paths.ts";
import type { RunView, StepView } from "../../shared/run/run-view.ts";

/** The file that holds a log on the local stack. The log's stream ends with the task's id. */
export function localLogFile(stateDir: string, log: string): string {
  const task = log.slice(log.lastIndexOf("/") + 1);
  return path.join(attemptDirectory(statePaths(stateDir).batchState, task), "log");
}

/** Replaces the log streams of a local run's jobs, as they would be on AWS, with the log files. */
export function withLocalLogs(view: RunView, stateDir: string): RunView {
  const place = <T extends { log?: string }>(entry: T): T =>
    entry.log === undefined ? entry : { ...entry, log: localLogFile(stateDir, entry.log) };
  const local = (step: StepView): StepView => ({
    ...place(step),
    errors: step.errors.map(place),
    ...(step.jobs !== undefined && {
      jobs: step.jobs.map((job) => ({ ...job, tries: job.tries.map(place) })),
    }),
  });
  return { ...view, steps: view.steps.map(local) };
}
