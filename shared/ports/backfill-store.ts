import type { Backfill, ListedBackfill } from "../state/backfill.ts";

/** Backfills, each an item. Reads are consistent unless they say otherwise. */
export type BackfillStore = {
  /** @throws NewerRecordError for one that newer code has written, which is left as it is */
  get(id: string): Promise<Backfill | undefined>;
  /** Newest first. May be seconds out of date. */
  list(limit: number): Promise<ListedBackfill[]>;
  /** Ids of backfills that are due at `now` (ISO 8601, UTC) or before, soonest first. May be seconds out of date. */
  due(now: string, limit: number): Promise<string[]>;
  /**
   * Replaces the backfill of version `next.version - 1` (version 1: there must be none); false when somebody else did.
   * Repeated after a lost response it says true again.
   */
  put(next: Backfill): Promise<boolean>;
};
