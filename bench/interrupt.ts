type Stop = () => Promise<void>;

const stops = new Set<Stop>();

/** Ends this process when everything has been stopped. */
function interrupted(signal: NodeJS.Signals): void {
  const all = [...stops].map((stop) => stop());
  void Promise.allSettled(all).then(() => process.exit(signal === "SIGINT" ? 130 : 143));
}

/**
 * Stops what a measurement started if the measurement is interrupted. Servers run in separate process groups, so Ctrl-C
 * alone doesn't reach them.
 *
 * @returns a function to call after an ordinary stop
 */
export function stopOnInterrupt(stop: Stop): () => void {
  if (stops.size === 0) {
    process.once("SIGINT", interrupted);
    process.once("SIGTERM", interrupted);
  }
  stops.add(stop);
  return () => {
    stops.delete(stop);
    if (stops.size > 0) return;
    process.off("SIGINT", interrupted);
    process.off("SIGTERM", interrupted);
  };
}
