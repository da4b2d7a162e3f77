/**
 * Calls for the same key that are made together, before the process does anything else, share one read: the messages of
 * a batch mostly belong to one run, and each reads it first. The read begins after the last of these calls, so it is as
 * consistent for each of them as a read of its own.
 */
export function sharedRead<V>(read: (key: string) => Promise<V>): (key: string) => Promise<V> {
  const pending = new Map<string, Promise<V>>();
  return (key) => {
    const waiting = pending.get(key);
    if (waiting !== undefined) return waiting;
    const answer = new Promise<void>((resolve) => process.nextTick(resolve)).then(() => {
      pending.delete(key);
      return read(key);
    });
    pending.set(key, answer);
    return answer;
  };
}
