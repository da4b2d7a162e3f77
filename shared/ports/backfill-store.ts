import type { Backfill, ListedBackfill } from "../state/backfill.ts";

/** Backfills, each an item. Reads are consistent unless stated otherwise. */
export type BackfillStore = {
  /** @throws NewerRecordError for a backfill that newer code has written, which stays as it is */
  get(id: string): Promise<Backfill | undefined>;
  /** Newest first. May be seconds out of date. */
  list(limit: number): Promise<ListedBackfill[]>;
  /** Ids of backfills that are due at `now` (ISO 8601, UTC) or before, soonest first. May be seconds out of date. */
  due(now: string, limit: number): Promise<string[]>;
  /**
   * Replaces the backfill of version `next.version - 1` (version 1: there must be none); false if another writer was
   * first. Repeated after a lost response, it returns true again.
   */
  put(next: Backfill): Promise<boolean>;
  /**
   * Moves the time at which a backfill is due to `dueAt` (ISO 8601, UTC), whatever else is stored of it. Nothing happens
   * if it isn't due at any time.
   */
  defer(id: string, dueAt: string): Promise<void>;
};
