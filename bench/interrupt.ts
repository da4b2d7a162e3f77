type Stop = () => Promise<void>;

const stops = new Set<Stop>();

/** Ends this process once everything has been stopped. */
function interrupted(signal: NodeJS.Signals): void {
  const all = [...stops].map((stop) => stop());
  void Promise.allSettled(all).then(() => process.exit(signal === "SIGINT" ? 130 : 143));
}

/**
 * Stops what a measurement started when the measurement is interrupted: servers run in process groups of their own, so
 * Ctrl-C does not reach them by itself.
 *
 * @returns what to call once it was stopped in the ordinary way
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
