import * as z from "zod";
import { pauseRun } from "../operate/pause-run.ts";
import { startByHand } from "../operate/start-by-hand.ts";
import {
  approval,
  batch,
  child,
  cron,
  defineJob,
  definePipeline,
  FatalError,
  lambda,
  notice,
  slack,
  wait,
} from "../pipeline/index.ts";
import { MemoryEngine } from "./memory-engine.ts";
import { testPipeline } from "./test-pipeline.ts";

const none = z.strictObject({});
const hour = 3600;

const grandchild = definePipeline({ name: "grandchild", params: none }, ({ step }) =>
  step("ok", approval({ deadline: hour, message: "go on?" })),
);
const middle = definePipeline({ name: "middle", params: none }, ({ step }) =>
  step("below", child(grandchild, {})),
);
const family = definePipeline({ name: "family", params: none }, ({ step }) => {
  step("below", child(middle, {}));
});
const asking = definePipeline({ name: "asking", params: z.array(z.number()) }, ({ params, map }) => {
  map("ok", params, () => approval({ deadline: 3 * 24 * hour, byDefault: "approve" }));
});
const waiting = definePipeline({ name: "waiting", params: none }, ({ step }) => {
  step("file", wait({ object: "raw/a b.csv", deadline: 30 * 24 * hour }));
});

const count = defineJob("lines.count", {
  input: z.object({ uri: z.string().startsWith("s3://") }),
  output: z.object({ lines: z.int() }),
  resources: { vcpus: 1, memory: 512 },
});
const counting = definePipeline(
  { name: "counting", params: z.strictObject({ uri: z.string() }) },
  (build) => {
    build.step("count", batch(count, { uri: build.params.uri }));
  },
);

describe("testPipeline", () => {
  it("throws if a job's stand-in returns a value that breaks the contract, and names it", async () => {
    const jobs = { "lines.count": () => ({ rows: 3 }) };
    await expect(testPipeline(counting, { params: { uri: "s3://data/a" }, jobs })).rejects.toThrow(
      /^the stand-in of job "lines\.count" returned a value that does not fit its contract's output:\n.*expected number.*\n.*at lines$/,
    );
  });

  it("gives a stand-in only valid input, and otherwise reports why it wasn't called", async () => {
    const jobs = { "lines.count": () => ({ lines: 3 }) };
    const { outputs } = await testPipeline(counting, { params: { uri: "s3://data/a" }, jobs });
    expect(outputs).toEqual({ count: { lines: 3 } });
    const { errors } = await testPipeline(counting, { params: { uri: "data/a" }, jobs });
    expect(errors.count?.message).toContain("uri");
  });

  it("finds child pipelines at every level, and answers the approvals of all of them", async () => {
    const { state, outputs } = await testPipeline(family, {
      approvals: { ok: { approved: true, by: "ana" } },
    });
    expect(state).toBe("SUCCEEDED");
    expect(outputs.below).toMatchObject({ by: "ana" });
  });

  it("runs a given pipeline instead of the child with its name", async () => {
    const stand = definePipeline({ name: "middle", params: none }, ({ step }) =>
      step(
        "quick",
        lambda({}, () => "quick"),
      ),
    );
    const { outputs } = await testPipeline(family, { pipelines: [stand] });
    expect(outputs).toEqual({ below: "quick" });
  });

  it("throws if an approval has no answer, and says which and how to give it", async () => {
    await expect(testPipeline(family)).rejects.toThrow(
      /step ok\[0\] of run .* waits for an approval that nobody gives \("go on\?"\)/,
    );
  });

  it("answers each child of a map individually, and lets a deadline pass on request", async () => {
    const { outputs, milliseconds } = await testPipeline(asking, {
      params: [1, 2],
      approvals: { ok: { approved: true, by: "ana" }, "ok[1]": "nobody" },
    });
    expect(outputs.ok).toMatchObject([{ by: "ana" }, { by: "default" }]);
    const days = milliseconds / (24 * hour * 1000);
    expect(days).toBeGreaterThanOrEqual(3);
    expect(days).toBeLessThan(3.01);
  });

  it("delivers objects at their times, with unescaped keys", async () => {
    const { outputs, milliseconds } = await testPipeline(waiting, {
      objects: [{ key: "raw/a b.csv", body: "1,2", afterSeconds: 20 * 24 * hour }],
    });
    expect(outputs).toEqual({ file: { uri: "s3://data/raw/a b.csv", bytes: 3, versionId: "1" } });
    expect(milliseconds / 1000).toBeCloseTo(20 * 24 * hour, 0);
  });

  it("refuses a pipeline with a schedule that never fires", async () => {
    const triggers = [cron("0 0 31 2 *")];
    const never = definePipeline({ name: "never", params: none, triggers }, ({ step }) =>
      step(
        "a",
        lambda({}, () => 1),
      ),
    );
    await expect(testPipeline(never)).rejects.toThrow('cron "0 0 31 2 *" names no time at all');
  });

  it("runs the hooks of the run's end, and does not list them among the steps", async () => {
    const ends: string[] = [];
    const hooks = { succeeded: ({ state }: { state: string }) => ends.push(state) };
    const pipeline = definePipeline({ name: "hooked", params: none, hooks }, ({ step }) => {
      step(
        "work",
        lambda({}, () => 1),
      );
    });
    const { states, order } = await testPipeline(pipeline);
    expect({ states, order }).toEqual({ states: { work: "SUCCEEDED" }, order: ["work"] });
    expect(ends).toEqual(["SUCCEEDED"]);
  });
});

describe("a test run", () => {
  it("that never ends is stopped after two virtual years, at once in real time, with what it waits for", async () => {
    const memory = new MemoryEngine([waiting]);
    const { runId } = await startByHand(memory.engine, { pipeline: "waiting" });
    while (await memory.turn());
    await pauseRun(memory.engine, runId);
    await expect(memory.finish(runId)).rejects.toThrow(
      /nothing has changed for \d+ days .*\nrun .* of waiting is PAUSED\n {2}step file \(RUNNING\) waits for s3:\/\/data\/raw\/a b\.csv/,
    );
  });

  it("returns the notices that a stage would send, and sends none", async () => {
    const pipeline = definePipeline(
      { name: "telling", params: z.strictObject({}), notices: [notice({ to: slack(), stages: ["prod"] })] },
      ({ step }) => {
        step(
          "train",
          lambda({}, () => {
            throw new FatalError("y has 3 NaN");
          }),
        );
      },
    );
    expect((await testPipeline(pipeline)).notices).toEqual([]);
    const { notices } = await testPipeline(pipeline, { stage: "prod" });
    expect(notices).toMatchObject([
      {
        to: "slack",
        notice: { stage: "prod", state: "FAILED", error: { step: "train", message: "y has 3 NaN" } },
      },
    ]);
  });
});
