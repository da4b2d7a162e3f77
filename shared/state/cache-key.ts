import { createHash } from "node:crypto";
import { type Artifact, artifact } from "../pipeline/job.ts";
import { canonicalJson, isJsonObject, type Json } from "../pipeline/json.ts";

/** The code that a step's result depends on, in addition to its input. */
export type CachedCode = {
  readonly pipeline: string;
  readonly step: string;
  /** How the engine identifies the code: a function's text, or a job's name and its image's content. */
  readonly code: string;
  /** The author's version of the code. */
  readonly version: string;
};

/** The fields of an artifact that describe its location, not its content. */
const place: readonly string[] = ["uri", "versionId"] satisfies (keyof Artifact)[];

/** The value with every artifact reduced to its content: its location and the run that made it make no difference. */
function byContent(value: Json): Json {
  if (Array.isArray(value)) return value.map(byContent);
  if (!isJsonObject(value)) return value;
  const isArtifact = artifact.safeParse(value).success;
  // Fields that an author adds to an artifact, such as a number of rows, are content too.
  const parts = Object.entries(value).filter(([key]) => !(isArtifact && place.includes(key)));
  return Object.fromEntries(parts.map(([key, part = null]) => [key, byContent(part)]));
}

/** The cache key of a result, 64 hex digits of SHA-256. It is equal for equal code and inputs with equal content. */
export function cacheKey({ pipeline, step, code, version }: CachedCode, input: Json): string {
  const key = canonicalJson([pipeline, step, code, version, byContent(input)]);
  return createHash("sha256").update(key).digest("hex");
}
