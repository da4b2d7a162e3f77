/** One line of a log, and when it was written, in epoch milliseconds, if the log knows. */
export type WrittenLine = { readonly at?: number; readonly text: string };

/**
 * The parts of a log's location. A Lambda function writes the lines of many calls into one stream, so the location of a
 * call's log also names its request: `group:stream#request`.
 */
export function partsOfLog(log: string): { group: string; stream: string; request?: string } {
  const [, group = log, stream = "", request] = /^([^:]*):([^#]*)(?:#(.+))?$/.exec(log) ?? [];
  return { group, stream, ...(request !== undefined && { request }) };
}

/** A line that a function wrote. `log` is the group that it is in. */
export type FunctionLine = { readonly at: number; readonly text: string; readonly log: string };

/** Which lines of functions to find. Times are epoch milliseconds. */
export type LogSearch = {
  /** A text that they contain, such as the id of a run. */
  readonly text: string;
  readonly from: number;
  readonly to: number;
};

/** Reads the logs of jobs and of step functions. */
export type LogReader = {
  /**
   * The last lines of a log, oldest first. Empty if there is no such log.
   *
   * @param log `group:stream` or `group:stream#request`, as records name it
   */
  tail(log: string, limit: number): Promise<WrittenLine[]>;
  /** Lines of the step functions, oldest first. A search that takes too many calls stops, and isn't complete. */
  search(
    search: LogSearch,
  ): Promise<{ readonly lines: readonly FunctionLine[]; readonly isComplete: boolean }>;
};
