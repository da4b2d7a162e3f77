import * as z from "zod";
import { checkRunName, maxRunName, runNameFrom } from "./run-name.ts";
import { isTimeZone } from "./time-zone.ts";

const params = z.strictObject({ region: z.string(), data: z.object({ month: z.number() }) });
const inStage = (template: string) => ({ template, timezone: "stage" });
const nameFor = (scheduledAt: string, template = "ctr-{yyyy}-{MM}-{dd}-{HH}-{mm}-{ss}", zone = "stage") =>
  runNameFrom(
    { template, timezone: zone },
    { pipeline: "ctr-training", params: { region: "eu", data: { month: 3 }, none: null }, scheduledAt },
    "Europe/Berlin",
  );

describe("the name of a run", () => {
  test.each([
    ["in summer", "2021-07-01T22:05:09Z", "ctr-2021-07-02-00-05-09"],
    ["in winter", "2021-12-31T23:00:00Z", "ctr-2022-01-01-00-00-00"],
    ["before the clocks go forward", "2021-03-28T00:59:59Z", "ctr-2021-03-28-01-59-59"],
    ["after the clocks went forward", "2021-03-28T01:00:00Z", "ctr-2021-03-28-03-00-00"],
    ["in the repeated hour, the first time", "2021-10-31T00:30:00Z", "ctr-2021-10-31-02-30-00"],
    ["in the repeated hour, the second time", "2021-10-31T01:30:00Z", "ctr-2021-10-31-02-30-00"],
  ])("has the stage's time %s", (_when, scheduledAt, name) => {
    expect(nameFor(scheduledAt)).toBe(name);
  });

  test("has the time in the pipeline's time zone", () => {
    expect(nameFor("2021-07-01T22:05:09Z", "{dd} {HH}:{mm}", "Asia/Kolkata")).toBe("02 03:35");
  });

  test("has parameters, and nothing for a null", () => {
    expect(
      nameFor("2021-07-01T22:05:09Z", "{pipeline} {params.region}-{params.data.month}{params.none}"),
    ).toBe("ctr-training eu-3");
  });

  test("is cut at the maximum length", () => {
    expect(nameFor("2021-07-01T22:05:09Z", "x".repeat(500))).toHaveLength(maxRunName);
  });
});

describe("a template", () => {
  test.each(["{pipeline}-{yyyy}{MM}{dd}", "{params.region}/{params.data.month}", "plain"])(
    "such as %s is valid",
    (template) => {
      expect(checkRunName(inStage(template), params)).toEqual([]);
    },
  );

  test.each([
    ["an unknown field", "{year}", /no field "\{year\}"; there are \{pipeline\}/],
    ["minutes instead of months", "{yyyy}-{MMM}", /no field "\{MMM\}"/],
    ["an unknown parameter", "{params.town}", /params has no field "town"/],
    ["a field within a text", "{params.region.code}", /params has no field "code"/],
    ["an unclosed brace", "{yyyy", /a brace without its other/],
    ["no text", " ", /is empty/],
  ])("with %s is refused", (_what, template, problem) => {
    expect(checkRunName(inStage(template), params)).toEqual([
      { field: "runName", problem: expect.stringMatching(problem) },
    ]);
  });

  test("in an unknown time zone is refused", () => {
    const [mistake] = checkRunName({ template: "{dd}", timezone: "Europe/Atlantis" }, params);
    expect(mistake?.problem).toMatch(/"Europe\/Atlantis" is not known/);
  });
});

test.each([
  ["Europe/Berlin", true],
  ["UTC", true],
  ["Europe/Atlantis", false],
  ["+02:00", false],
  ["", false],
])("%j as a time zone: %s", (name, known) => {
  expect(isTimeZone(name)).toBe(known);
});
