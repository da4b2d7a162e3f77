import { createHash } from "node:crypto";
import { type Artifact, artifact } from "../pipeline/job.ts";
import { canonicalJson, isJsonObject, type Json } from "../pipeline/json.ts";

/** What a step's result depends on, besides its input. */
export type CachedCode = {
  readonly pipeline: string;
  readonly step: string;
  /** What the engine knows of the code: a function's text, a job's name and the content of its image. */
  readonly code: string;
  /** What the author says of it. */
  readonly version: string;
};

/** What of an artifact says where it lies, and not what it holds. */
const place: readonly string[] = ["uri", "versionId"] satisfies (keyof Artifact)[];

/** The value with every artifact reduced to what it holds: where it lies and which run made it makes no difference. */
function byContent(value: Json): Json {
  if (Array.isArray(value)) return value.map(byContent);
  if (!isJsonObject(value)) return value;
  const isArtifact = artifact.safeParse(value).success;
  // What an author adds to an artifact, such as a number of rows, is content as well.
  const parts = Object.entries(value).filter(([key]) => !(isArtifact && place.includes(key)));
  return Object.fromEntries(parts.map(([key, part = null]) => [key, byContent(part)]));
}

/** The key that a result is kept under: equal for equal code and an input of equal content. 64 hex digits of SHA-256. */
export function cacheKey({ pipeline, step, code, version }: CachedCode, input: Json): string {
  const key = canonicalJson([pipeline, step, code, version, byContent(input)]);
  return createHash("sha256").update(key).digest("hex");
}
