// How a program finds out that it should end.

const PARENT_POLL_MS = 500;

/** Exit codes of programs that a signal ended, by the shell's convention: 128 plus the signal's number. */
export const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** @typedef {keyof typeof EXIT_CODES} StopSignal */

/**
 * Calls `stop` at each request to end: SIGINT (Ctrl-C), SIGTERM, SIGHUP (the terminal was closed), or the end of the
 * npm that started this process. npm can't pass SIGKILL on, and doesn't pass SIGHUP on. The scripts of package.json
 * begin with `exec`, because a shell between the two would outlive npm and pass on nothing.
 *
 * This process must then end by itself. Output that nobody can read any more is dropped.
 * @param {(signal: StopSignal) => void} stop
 */
export function onStopRequest(stop) {
  for (const signal of /** @type {StopSignal[]} */ (Object.keys(EXIT_CODES))) {
    process.on(signal, () => stop(signal));
  }
  // After a terminal is closed, each write fails with an error, which would end this process before it has cleaned up.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop("SIGTERM");
  }, PARENT_POLL_MS);
  watch.unref();
}

/**
 * The same as an abort signal.
 * @returns {{ signal: AbortSignal, exitCode: () => number | undefined }} `exitCode` is that of a stopped program once it
 *   has been asked to stop
 */
export function stopSignal() {
  const controller = new AbortController();
  /** @type {number | undefined} */
  let code;
  onStopRequest((signal) => {
    code ??= EXIT_CODES[signal];
    controller.abort();
  });
  return { signal: controller.signal, exitCode: () => code };
}
