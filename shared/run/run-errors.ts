import { errorOf, MillraceError } from "../pipeline/millrace-error.ts";
/** No run has this id. */
export class RunNotFoundError extends MillraceError {
  constructor(runId: string) {
    super("RUN_NOT_FOUND", `there is no run "${runId}"`);
  }
}

/** The request doesn't fit the run's state. */
export class RunStateError extends errorOf("RUN_STATE") {}

/** No pipeline has this name. */
export class PipelineNotFoundError extends MillraceError {
  constructor(name: string, known: Iterable<string>) {
    super("PIPELINE_NOT_FOUND", `there is no pipeline "${name}"`, {
      remedy: `Use a deployed pipeline: ${[...known].join(", ")}.`,
    });
  }
}

/** A run's parameters don't fit its pipeline; nothing was started. */
export class ParamsError extends errorOf("PARAMS_INVALID") {}
