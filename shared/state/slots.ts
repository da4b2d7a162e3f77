import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

/** The slots of a limit: the ids of the runs that hold one, and the number of slots if an operator set it. */
export const slotsRecord = openObject({ holders: z.set(z.string()), limit: z.int().exactOptional() });
export type Slots = Stored<typeof slotsRecord>;

/** A run that waits in a work queue, and the names of the limits that it needs slots of. */
export const waitingPlace = openObject({ runId: z.string(), limits: z.array(z.string()) });
export type WaitingPlace = Stored<typeof waitingPlace>;
