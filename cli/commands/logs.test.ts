import { sinceTime } from "./logs.ts";

const now = Date.parse("2021-10-04T16:21:00Z");

test.each([
  ["90s", "2021-10-04T16:19:30Z"],
  ["10m", "2021-10-04T16:11:00Z"],
  ["2h", "2021-10-04T14:21:00Z"],
  ["1d", "2021-10-03T16:21:00Z"],
  ["2021-10-04T16:00:00Z", "2021-10-04T16:00:00Z"],
  ["2021-10-04", "2021-10-04T00:00:00Z"],
])("--since %s is %s", (text, time) => {
  expect(sinceTime(text, now)).toBe(Date.parse(time));
});

test.each(["yesterday", "10", "10 m", "-5m", "2021-99-99", ""])(
  "--since %j is refused with the form that it takes",
  (text) => {
    expect(() => sinceTime(text, now)).toThrow(`--since is "${text}"; it takes how long ago`);
  },
);
