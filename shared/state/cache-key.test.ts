import fc from "fast-check";
import type { Artifact } from "../pipeline/job.ts";
import { canonicalJson, type Json } from "../pipeline/json.ts";
import { type CachedCode, cacheKey } from "./cache-key.ts";

const code: CachedCode = { pipeline: "p", step: "s", code: "image-1", version: "" };
const key = (input: Json) => cacheKey(code, input);

const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const artifacts: fc.Arbitrary<Artifact> = fc.record({
  uri: fc.stringMatching(/^s3:\/\/[a-z]{1,9}\/[a-z]{1,9}$/),
  versionId: fc.string(),
  sha256: hash,
  bytes: fc.nat(),
  mediaType: fc.constantFrom("text/plain", "text/csv"),
});
const json = fc.jsonValue() as fc.Arbitrary<Json>;

/** The same value with the fields of every object in reverse order. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).reverse();
  return Object.fromEntries(fields.map(([name, part = null]) => [name, reversed(part)]));
}

describe("the key of a cached result", () => {
  it("is 64 hex digits, always the same, whatever the order of the input's fields", () => {
    fc.assert(
      fc.property(json, (input) => {
        expect(key(input)).toMatch(/^[0-9a-f]{64}$/);
        expect(key(reversed(input))).toBe(key(input));
      }),
    );
  });

  it("is different for another input", () => {
    fc.assert(
      fc.property(json, json, (one, other) => {
        expect(key(one) === key(other)).toBe(canonicalJson(one) === canonicalJson(other));
      }),
    );
  });

  it.each([
    ["pipeline", { ...code, pipeline: "q" }],
    ["step", { ...code, step: "t" }],
    ["code", { ...code, code: "image-2" }],
    ["version", { ...code, version: "2" }],
    ["code and version, even if their concatenation is the same", { ...code, code: "image-", version: "1" }],
  ])("is different for another %s", (_what, other) => {
    expect(cacheKey(other, { n: 1 })).not.toBe(key({ n: 1 }));
  });

  it("doesn't depend on an artifact's location, at any depth", () => {
    const nested = (each: Artifact) => ({ list: [{ deep: each }], n: 1 });
    fc.assert(
      fc.property(artifacts, artifacts, (one, { uri, versionId }) => {
        expect(key(nested({ ...one, uri, versionId }))).toBe(key(nested(one)));
        const { versionId: _versionId, ...unversioned } = one;
        expect(key(nested(unversioned))).toBe(key(nested(one)));
      }),
    );
  });

  it.each([
    ["content", { sha256: "b".repeat(64) }],
    ["size", { bytes: 2 }],
    ["media type", { mediaType: "text/csv" }],
    ["custom field", { rows: 100 }],
  ])("depends on an artifact's %s", (_what, change) => {
    const one = { uri: "s3://b/k", sha256: "a".repeat(64), bytes: 1, mediaType: "text/plain", rows: 10 };
    expect(key({ data: { ...one, ...change } })).not.toBe(key({ data: one }));
  });

  it("depends on a location that isn't an artifact's", () => {
    expect(key({ uri: "s3://b/one" })).not.toBe(key({ uri: "s3://b/other" }));
  });
});
