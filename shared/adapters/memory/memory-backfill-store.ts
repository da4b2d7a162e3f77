import { isDeepStrictEqual } from "node:util";
import type { BackfillStore } from "../../ports/backfill-store.ts";
import type { Backfill } from "../../state/backfill.ts";
import { copyState } from "./copy-state.ts";

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Backfills within the process. */
export class MemoryBackfillStore implements BackfillStore {
  private readonly backfills = new Map<string, Backfill>();

  async get(id: string): Promise<Backfill | undefined> {
    return copyState(this.backfills.get(id));
  }

  async list(limit: number): Promise<Backfill[]> {
    const place = ({ createdAt, id }: Backfill) => `${createdAt}#${id}`;
    const all = [...this.backfills.values()].sort((a, b) => byText(place(b), place(a)));
    return copyState(all.slice(0, limit));
  }

  async due(now: string, limit: number): Promise<string[]> {
    return [...this.backfills.values()]
      .filter(({ dueAt }) => dueAt !== undefined && dueAt <= now)
      .sort((a, b) => byText(a.dueAt ?? "", b.dueAt ?? ""))
      .slice(0, limit)
      .map(({ id }) => id);
  }

  async put(next: Backfill): Promise<boolean> {
    const current = this.backfills.get(next.id);
    if (isDeepStrictEqual(current, next)) return true;
    if ((current?.version ?? 0) !== next.version - 1) return false;
    this.backfills.set(next.id, copyState(next));
    return true;
  }

  async defer(id: string, dueAt: string): Promise<void> {
    const current = this.backfills.get(id);
    if (current?.dueAt !== undefined) this.backfills.set(id, { ...current, dueAt });
  }
}
