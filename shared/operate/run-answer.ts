import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

// Answers about runs: `manage` returns them, the CLI reads them with the same schema.

/** A run as an operator sees it. */
export const managedRun = openObject({
  runId: z.string(),
  pipeline: z.string(),
  state: z.string(),
  epoch: z.number(),
});
export type ManagedRun = Stored<typeof managedRun>;

/** The run of a request, and whether this request created it. */
export const startedRun = openObject({
  runId: z.string(),
  name: z.string(),
  created: z.boolean(),
  /**
   * Present if the run already existed with other params, and the requested ones were not used: one line for each
   * difference.
   */
  differs: z.array(z.string()).exactOptional(),
  /** How to get a run with the requested params if they were not used. */
  remedy: z.string().exactOptional(),
});
export type StartedByHand = Stored<typeof startedRun>;

/** What happened to each run of a request for several. */
export const changedRuns = openObject({
  runs: z.array(
    openObject({
      runId: z.string(),
      /** Whether the run is now as requested. */
      changed: z.boolean(),
      /** Absent if the run couldn't be changed. */
      pipeline: z.string().exactOptional(),
      state: z.string().exactOptional(),
      /** Why it couldn't. */
      error: openObject({
        name: z.string(),
        message: z.string(),
        code: z.string().exactOptional(),
        remedy: z.string().exactOptional(),
      }).exactOptional(),
    }),
  ),
});
export type ChangedRuns = Stored<typeof changedRuns>;

/** A run's tags as an operator sees them. */
export const taggedRun = openObject({ runId: z.string(), tags: z.array(z.string()) });
export type TaggedRun = Stored<typeof taggedRun>;
