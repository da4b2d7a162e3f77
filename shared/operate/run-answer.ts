import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

// What is answered about runs: `manage` gives it, the CLI reads it by the same schema.

/** A run as an operator sees it. */
export const managedRun = openObject({
  runId: z.string(),
  pipeline: z.string(),
  state: z.string(),
  epoch: z.number(),
});
export type ManagedRun = Stored<typeof managedRun>;

/** The run that a request led to, and whether this request created it. */
export const startedRun = openObject({
  runId: z.string(),
  name: z.string(),
  created: z.boolean(),
  /**
   * Where the run was there before, with other params than those asked for, which were not used: a line for each that
   * differs.
   */
  differs: z.array(z.string()).exactOptional(),
  /** How to get a run with the params asked for, where they were not used. */
  remedy: z.string().exactOptional(),
});
export type StartedByHand = Stored<typeof startedRun>;

/** A run's tags as an operator sees them. */
export const taggedRun = openObject({ runId: z.string(), tags: z.array(z.string()) });
export type TaggedRun = Stored<typeof taggedRun>;
