import { createHash } from "node:crypto";
import { canonicalJson, isJsonObject, type Json } from "../pipeline/json.ts";

/** SHA-256 (hex) of a JSON value; the order of fields makes no difference. */
export function digestOf(value: Json): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** Fields that say where an object with a checksum is, and nothing about its content. */
const place: readonly string[] = ["uri", "versionId"];

function byContent(value: Json): Json {
  if (Array.isArray(value)) return value.map(byContent);
  if (!isJsonObject(value)) return value;
  const hasContent = typeof value.sha256 === "string";
  const parts = Object.entries(value).filter(([key]) => !(hasContent && place.includes(key)));
  return Object.fromEntries(parts.map(([key, part = null]) => [key, byContent(part)]));
}

/**
 * Digest of the data of an evaluation. It's equal for objects of equal content, wherever they are. 64 hex digits of
 * SHA-256.
 */
export function dataDigest(data: Json): string {
  return digestOf(byContent(data));
}
