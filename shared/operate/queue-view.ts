import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

// Answers about work queues and limits: `manage` returns them, the CLI reads them with the same schema.

/** A limit of a work queue, and the holders of its slots. */
const limitView = openObject({
  limit: z.string(),
  /** How many runs may be under way at once; null for no limit. */
  slots: z.number().nullable(),
  /** Whether an operator set it instead of the definitions. */
  setByHand: z.boolean(),
  /** Ids of the runs that hold a slot. */
  holders: z.array(z.string()),
});
export type LimitView = Stored<typeof limitView>;

/** A waiting run, and the limits that it waits for. */
const waitingView = openObject({
  runId: z.string(),
  pipeline: z.string(),
  name: z.string(),
  priority: z.number(),
  startedAt: z.string(),
  /** The limits that have no slot left. Empty if the run is about to start. */
  waitsFor: z.array(z.string()),
});

/** A work queue as a person sees it. */
export const queueView = openObject({
  queue: z.string(),
  pipelines: z.array(z.string()),
  limits: z.array(limitView),
  /** In the order in which they will start. */
  waiting: z.array(waitingView),
  /** Whether more runs wait than are listed. */
  more: z.boolean(),
});
export type QueueView = Stored<typeof queueView>;

/**
 * A limit as an operator sees it: the slots that were set by hand (null: the definitions apply), and how many are held.
 */
export const changedLimit = openObject({
  limit: z.string(),
  slots: z.number().nullable(),
  held: z.number(),
});
export type ChangedLimit = Stored<typeof changedLimit>;
