import { agoText, bytesText, durationText, truncateMiddle, wrapped } from "./units.ts";

test.each([
  [26, "26 ms"],
  [1000, "1.0 s"],
  [59_949, "59.9 s"],
  [59_960, "1 min 00 s"],
  [245_000, "4 min 05 s"],
  [2 * 3600_000 + 14 * 60_000, "2 h 14 min"],
])("%d ms is %s", (milliseconds, text) => {
  expect(durationText(milliseconds)).toBe(text);
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 KB"],
  [999_960, "1.0 MB"],
  [12_000_000_000_000, "12000.0 GB"],
])("%d bytes are %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  [-5000, "0 s ago"],
  [59_000, "59 s ago"],
  [3 * 60_000, "3 min ago"],
  [47 * 3600_000, "47 h ago"],
  [49 * 3600_000, "2 d ago"],
])("%d ms back is %s", (milliseconds, text) => {
  expect(agoText(milliseconds)).toBe(text);
});

test("a text that is too long is cut in the middle", () => {
  expect(truncateMiddle("s3://bucket/raw/data.csv", 11)).toBe("s3://…a.csv");
  expect(truncateMiddle("short", 5)).toBe("short");
});

test("lines break at spaces, long words anywhere, and line breaks of the text stay", () => {
  expect(wrapped("one two three\nfour abcdefghij", 7)).toEqual([
    "one two",
    "three",
    "four",
    "abcdefg",
    "hij",
  ]);
});
