/** One line that a job wrote, and when, in epoch milliseconds, if the log knows. */
export type WrittenLine = { readonly at?: number; readonly text: string };

/** Reads the logs of jobs. */
export type LogReader = {
  /**
   * The last lines of a log, oldest first. Empty if there is no such log.
   *
   * @param log `group:stream`, as records name it
   */
  tail(log: string, limit: number): Promise<WrittenLine[]>;
};
