import type { FaultKind } from "../faults/fault-plan.ts";

/** Reads that go by an index, which may be behind. */
const indexes: Readonly<Record<string, FaultKind>> = {
  dueRuns: "index stale",
  listRuns: "index stale",
  findByName: "job unlisted",
};

/** Indexes that are eventually consistent: they may answer what was true some time ago. */
export class LaggingIndexes {
  private readonly answers = new Map<string, unknown>();

  /**
   * What an index answers.
   *
   * @param isBehind decides whether it is behind now, when that makes a difference
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
