import type { FaultKind } from "../faults/fault-plan.ts";

/** Reads that use an index, which may lag behind. */
const indexes: Readonly<Record<string, FaultKind>> = {
  dueRuns: "index stale",
  listRuns: "index stale",
  // Backfills that are due.
  due: "index stale",
  findByName: "job unlisted",
};

/** Eventually consistent indexes: they may answer with an older state. */
export class LaggingIndexes {
  private readonly answers = new Map<string, unknown>();

  /**
   * The answer of an index.
   *
   * @param isBehind decides whether the index lags behind now; called only if that makes a difference
   */
  answer(method: string, truth: unknown, isBehind: (kind: FaultKind) => boolean): unknown {
    const kind = indexes[method];
    if (kind === undefined) return truth;
    const none = method === "listRuns" ? { runs: [] } : [];
    const before = kind === "job unlisted" ? none : (this.answers.get(method) ?? none);
    if (JSON.stringify(before) !== JSON.stringify(truth) && isBehind(kind)) return before;
    this.answers.set(method, truth);
    return truth;
  }
}
