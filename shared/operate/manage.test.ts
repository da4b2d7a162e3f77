import { readdirSync } from "node:fs";
import { join } from "node:path";
import { sampleEvent } from "../../test/sample-event.ts";
import { manageRequest } from "./manage.ts";

const samples = readdirSync(join(import.meta.dirname, "../../events"))
  .filter((file) => file.startsWith("manage-"))
  .map((file) => file.replace(/\.json$/, ""));

describe("a request to manage", () => {
  it("has a sample for each action", () => {
    const actions = manageRequest.options.map(({ shape }) => shape.action.value);
    expect(samples.map((name) => name.replace("manage-", "")).sort()).toEqual([...actions].sort());
  });

  it.each(samples)("is understood as in the sample %s", (name) => {
    expect(manageRequest.safeParse(sampleEvent(name)).error).toBeUndefined();
  });

  it.each([
    [{ action: "approve", runId: "r", step: "s" }, "by"],
    [{ action: "limit", limit: "gpu", slots: 2 }, "limit"],
    [{ action: "limit", limit: "queue/gpu", slots: -1 }, "slots"],
    [{ action: "pause" }, "runId"],
  ])("that is wrong names the field: %j", (request, field) => {
    const { error } = manageRequest.safeParse(request);
    expect(error?.issues.map(({ path }) => path.join("."))).toEqual([field]);
  });
});
