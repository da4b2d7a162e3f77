/** One call of a job family's function: one job, or one child of an array. JSON of at most 256 KB, as Lambda allows. */
export type FunctionCall = {
  /** The job's id; a child's ends in its place, as in Batch: `{job}:{place}`. */
  readonly id: string;
  readonly name: string;
  /** Folder under `batch-jobs/`. */
  readonly family: string;
  /** As for a job on Batch: `python -m {family} {job}`. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** MiB. */
  readonly memory: number;
  /** Seconds. */
  readonly timeout: number;
  /** Locations of the requests to end it: if one of these objects exists, its function does nothing. */
  readonly stops: readonly string[];
  /** The child's place in its array. */
  readonly arrayIndex?: number;
};

/** The functions that run Python jobs. */
export type FunctionInvoker = {
  /**
   * Asks for one asynchronous call, and returns when it is accepted. The function may run once, later, several times or
   * never: the claim in S3 lets one execution work, and the sweep finds a call that nobody answers.
   *
   * @throws JobRejectedError if trying again cannot help
   */
  invoke(call: FunctionCall): Promise<void>;
};
