import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFamilyAccess } from "./family-access.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-access-"));
const folder = join(root, "batch-jobs", "probe");

beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(root, { recursive: true }));

const reading = (text: string) => {
  writeFileSync(join(folder, "access.json"), text);
  return () => readFamilyAccess(root, "probe");
};

describe("access.json", () => {
  it("may be missing: then jobs have only what all jobs have", () => {
    expect(readFamilyAccess(root, "other")).toEqual({ lake: false, readsLakesOf: [], secrets: [] });
  });

  it("says whether there is a lake, and which secrets are read", () => {
    expect(reading('{ "lake": true, "secrets": ["kaggle"] }')()).toEqual({
      lake: true,
      readsLakesOf: [],
      secrets: ["kaggle"],
    });
  });

  it("says whose lakes are read, and each of them must belong to a family", () => {
    const other = join(root, "batch-jobs", "other");
    mkdirSync(other, { recursive: true });
    const read = reading('{ "readsLakesOf": ["other"] }');
    expect(read).toThrow(/readsLakesOf names other, whose access\.json does not set lake/);
    writeFileSync(join(other, "access.json"), '{ "lake": true }');
    expect(read().readsLakesOf).toEqual(["other"]);
  });

  it.each([
    ["{", /batch-jobs\/probe\/access\.json is not JSON/],
    ['{ "lakes": true }', /access\.json: .*"lakes"/],
    ['{ "secrets": ["*"] }', /access\.json: .*\n.*secrets\[0\]/],
    ['{ "secrets": ["../prod/slack"] }', /secrets\[0\]/],
  ])("with unknown content is refused: %s", (text, message) => {
    expect(reading(text)).toThrow(message);
  });
});
