/** No run has this id. */
export class RunNotFoundError extends Error {
  override readonly name = "RunNotFoundError";
  constructor(runId: string) {
    super(`there is no run "${runId}"; list the runs to see their ids`);
  }
}

/** What was asked of a run does not fit its state. */
export class RunStateError extends Error {
  override readonly name = "RunStateError";
}

/** No pipeline has this name. */
export class PipelineNotFoundError extends Error {
  override readonly name = "PipelineNotFoundError";
  constructor(name: string, known: Iterable<string>) {
    super(`there is no pipeline "${name}"; deployed are: ${[...known].join(", ")}`);
  }
}

/** A run's parameters do not fit its pipeline; nothing was started. */
export class ParamsError extends Error {
  override readonly name = "ParamsError";
}
