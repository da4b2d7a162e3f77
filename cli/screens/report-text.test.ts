import type { Artifact } from "../../shared/pipeline/job.ts";
import { isShowable, reportText } from "./report-text.ts";

const anArtifact = (mediaType: string, bytes = 10): Artifact => ({
  ...{ uri: "s3://bucket/runs/a", sha256: "0".repeat(64), bytes, mediaType },
});
const shown = (mediaType: string, text: string) => reportText(anArtifact(mediaType), Buffer.from(text));
const tableType = "application/vnd.millrace.table+json";

test("a table is shown in columns with short figures and blanks for missing values", () => {
  const text = shown(tableType, '{"columns":["fold","r2"],"rows":[["a",0.123456789],["b",null]]}');
  expect(text.split("\n")).toEqual(["fold  r2", "a     0.123457", "b"]);
});

test.each([
  ["application/vnd.millrace.link+json", '{"url":"https://a","title":"A"}', "A: https://a"],
  ["application/json", '{"a":1}', '{\n  "a": 1\n}'],
  ["text/markdown", "# Title\n", "# Title"],
])("%s is shown unchanged", (type, text, expected) => {
  expect(shown(type, text)).toBe(expected);
});

test("terminal control characters are removed", () => {
  expect(shown("text/plain", "\u001b[2Jgone")).toBe("gone");
});

test.each([
  [tableType, "{}"],
  ["application/json", "{"],
])("invalid %s is reported as such", (type, text) => {
  expect(() => shown(type, text)).toThrow(`s3://bucket/runs/a is not valid ${type}`);
});

test.each([
  ["text/csv", 100, true],
  ["text/csv", 2_000_000, false],
  ["image/png", 100, false],
])("%s of %d bytes is shown: %s", (type, bytes, expected) => {
  expect(isShowable(anArtifact(type, bytes))).toBe(expected);
});
