import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

const whole = z.int().nonnegative();

/** What the figures hold of a run: exactly that is taken back when the run is reopened. */
export const countedEnd = openObject({
  /** The day of its end in UTC: `YYYY-MM-DD`. */
  day: z.string(),
  state: z.string(),
  /** For how long it was under way, in its last epoch. */
  milliseconds: whole,
  nanodollars: whole,
  /** Whether its cost is only a minimum. */
  atLeast: z.boolean(),
});
export type CountedEnd = Stored<typeof countedEnd>;
