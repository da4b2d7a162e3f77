/** No run has this id. */
export class RunNotFoundError extends Error {
  override readonly name = "RunNotFoundError";
  constructor(runId: string) {
    super(`there is no run "${runId}"; \`npx millrace runs\` lists them`);
  }
}

/** What was asked of a run does not fit its state. */
export class RunStateError extends Error {
  override readonly name = "RunStateError";
}

/** How the message begins that no pipeline has this name; what a function threw comes to others as text. */
export const noPipeline = (name: string) => `there is no pipeline "${name}"`;

/** No pipeline has this name. */
export class PipelineNotFoundError extends Error {
  override readonly name = "PipelineNotFoundError";
  constructor(name: string, known: Iterable<string>) {
    super(`${noPipeline(name)}; deployed are: ${[...known].join(", ")}`);
  }
}

/** A run's parameters do not fit its pipeline; nothing was started. */
export class ParamsError extends Error {
  override readonly name = "ParamsError";
}
