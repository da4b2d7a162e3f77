import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

// What is answered about work queues and limits: `manage` gives it, the CLI reads it by the same schema.

/** A limit of a work queue: who holds its slots. */
const limitView = openObject({
  limit: z.string(),
  /** Runs that may be under way at once; null for no limit. */
  slots: z.number().nullable(),
  /** Whether an operator set it, in place of the definitions. */
  setByHand: z.boolean(),
  /** Ids of the runs that hold a slot. */
  holders: z.array(z.string()),
});
export type LimitView = Stored<typeof limitView>;

/** A run that waits, and what for. */
const waitingView = openObject({
  runId: z.string(),
  pipeline: z.string(),
  name: z.string(),
  priority: z.number(),
  startedAt: z.string(),
  /** The limits that have no slot left; none for a run that is about to be started. */
  waitsFor: z.array(z.string()),
});

/** A work queue, as a person sees it. */
export const queueView = openObject({
  queue: z.string(),
  pipelines: z.array(z.string()),
  limits: z.array(limitView),
  /** In the order in which they will be started. */
  waiting: z.array(waitingView),
  /** More runs wait than are listed. */
  more: z.boolean(),
});
export type QueueView = Stored<typeof queueView>;

/** A limit as an operator sees it: its own slots (null: as the definitions say), and how many are held. */
export const changedLimit = openObject({
  limit: z.string(),
  slots: z.number().nullable(),
  held: z.number(),
});
export type ChangedLimit = Stored<typeof changedLimit>;
