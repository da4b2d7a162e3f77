import { createHash } from "node:crypto";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford base 32, lower case

/**
 * The id of a run, derived from its pipeline and its cause, so that a duplicate event never makes a second run. It
 * starts with the time that the run is for, so that ids sort by time: `20211004T162100Z-6b1m9xq2t7kw`.
 *
 * @param scheduledAt ISO 8601, UTC
 * @param cause text that is the same for the same cause and differs for any other
 */
export function runIdOf(pipeline: string, scheduledAt: string, cause: string): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([pipeline, scheduledAt, cause]))
    .digest();
  let code = "";
  // Twelve characters of five bits. Over a billion runs, the chance of one collision is below one in two. Since the
  // time is part of the id, only runs of the same second can collide, and for those the chance is practically nil.
  for (const byte of digest.subarray(0, 12)) code += alphabet[byte % 32];
  const stamp = scheduledAt.replace(/\.\d+/, "").replace(/[-:]/g, "");
  return `${stamp}-${code}`;
}
