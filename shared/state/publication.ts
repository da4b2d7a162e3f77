import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";
import type { Run } from "./run.ts";

/**
 * What a run is for: the time, and the object whose event started it, if one did. It decides which of two runs is for
 * something newer.
 */
const origin = openObject({
  /** ISO 8601, UTC, with milliseconds. */
  at: z.string(),
  uri: z.string().exactOptional(),
  /** The place of the object's version among all versions of its key: text that sorts. */
  sequence: z.string().exactOptional(),
});
export type Origin = Stored<typeof origin>;

/** The result that was last published at a key for the newest. */
export const publication = openObject({
  key: z.string(),
  runId: z.string(),
  origin,
  artifact: openObject({
    uri: z.string(),
    sha256: z.string(),
    bytes: z.number(),
    mediaType: z.string(),
    versionId: z.string().exactOptional(),
  }),
});
export type Publication = Stored<typeof publication>;

/** More digits than any sequencer of S3 has. */
const sequencerDigits = 64;

/**
 * The place of a version among all versions of its key. S3's sequencers are hexadecimal numbers of different lengths
 * (Amazon S3 user guide, "Event message structure"). With leading zeros, they sort as text.
 */
export function sequenceOf(sequencer: string): string {
  return sequencer.toUpperCase().padStart(sequencerDigits, "0");
}

/** What a run is for. */
export function originOf({ scheduledAt, cause }: Pick<Run, "scheduledAt" | "cause">): Origin {
  const at = new Date(scheduledAt).toISOString();
  if (cause.kind !== "object" || cause.sequencer === undefined) return { at };
  return { at, uri: cause.uri, sequence: sequenceOf(cause.sequencer) };
}

/**
 * Whether something is older than what was published. Versions of one key go by their sequence, because two may have the
 * same time; everything else goes by time. Neither of two equal ones is older.
 */
export function isOlder(origin: Origin, published: Origin): boolean {
  const isSameKey = origin.uri !== undefined && origin.uri === published.uri;
  if (isSameKey && origin.sequence !== undefined && published.sequence !== undefined)
    return origin.sequence < published.sequence;
  return origin.at < published.at;
}
