import { maxSlots } from "../pipeline/work-queue.ts";
import { runIdOf } from "./run-id.ts";

const at = "2021-10-04T16:21:00.000Z";

describe("a run's id", () => {
  it("is the same for the same cause", () => {
    expect(runIdOf("ridge-sweep", at, "s3://b/k#v1")).toBe(runIdOf("ridge-sweep", at, "s3://b/k#v1"));
  });

  it("is different for another pipeline, time (to the millisecond) or cause", () => {
    const ids = [
      runIdOf("ridge-sweep", at, ""),
      runIdOf("ridge-sweep2", at, ""),
      runIdOf("ridge-sweep", "2021-10-04T16:21:00.001Z", ""),
      runIdOf("ridge-sweep", at, "x"),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("starts with its time, so that ids sort by time, and is valid in keys and names of jobs", () => {
    expect(runIdOf("p", at, "")).toMatch(/^20211004T162100Z-[0-9a-z]{12}$/);
  });

  it("is so short that the ids of a limit's maximum number of holders fit into one item", () => {
    // DynamoDB counts a set of texts as their bytes plus one byte for each (developer guide, "Item sizes and formats").
    expect(maxSlots * (runIdOf("p", at, "").length + 1)).toBeLessThan(399 * 1024);
  });
});
