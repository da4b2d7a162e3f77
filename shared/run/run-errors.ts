/** No run has this id. */
export class RunNotFoundError extends Error {
  override readonly name = "RunNotFoundError";
  constructor(runId: string) {
    super(`there is no run "${runId}"; \`npx millrace runs\` lists them`);
  }
}

/** The request doesn't fit the run's state. */
export class RunStateError extends Error {
  override readonly name = "RunStateError";
}

/**
 * Beginning of the message that no pipeline has this name. A caller of a deployed function gets its error only as text,
 * so the CLI recognizes the error by this beginning.
 */
export const noPipeline = (name: string) => `there is no pipeline "${name}"`;

/** No pipeline has this name. */
export class PipelineNotFoundError extends Error {
  override readonly name = "PipelineNotFoundError";
  constructor(name: string, known: Iterable<string>) {
    super(`${noPipeline(name)}; deployed are: ${[...known].join(", ")}`);
  }
}

/** A run's parameters don't fit its pipeline; nothing was started. */
export class ParamsError extends Error {
  override readonly name = "ParamsError";
}
