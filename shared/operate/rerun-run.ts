import type { Engine } from "../ports/engine.ts";
import { RunNotFoundError } from "../run/run-errors.ts";
import { type StartedRun, startRun } from "../run/start-run.ts";

/** A request to run an earlier run again. */
export type RerunRequest = {
  readonly runId: string;
  /** Distinguishes several reruns of one run: only one starts for each key. */
  readonly key: string;
  /** Whether the run ignores cached results, and replaces them. */
  readonly refresh: boolean;
};

/**
 * Starts a new run with the parameters, the time and the tags of an earlier one, with the code that is deployed now.
 * The earlier run stays as it is, whatever its state.
 *
 * @throws RunNotFoundError, PipelineNotFoundError
 * @throws ParamsError if the pipeline takes other parameters by now
 */
export async function rerunRun(engine: Engine, { runId, key, refresh }: RerunRequest): Promise<StartedRun> {
  const run = await engine.store.getRun(runId);
  if (run === undefined) throw new RunNotFoundError(runId);
  const { pipeline, params, scheduledAt, tags } = run;
  const cause = { kind: "rerun", runId } as const;
  const causeKey = JSON.stringify(["rerun", runId, key]);
  return startRun(engine, { pipeline, params, scheduledAt, tags, refresh, cause, causeKey });
}
