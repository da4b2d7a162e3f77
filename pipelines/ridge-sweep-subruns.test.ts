import type { Json } from "../shared/pipeline/index.ts";
import { viewRun } from "../shared/run/run-view.ts";
import { startRun } from "../shared/run/start-run.ts";
import type { Run } from "../shared/state/run.ts";
import { MemoryEngine } from "../shared/testing/memory-engine.ts";
import { testPipeline } from "../shared/testing/test-pipeline.ts";
import { ridgeSweepSubruns } from "./ridge-sweep-subruns.ts";
import { ridgeTrain } from "./ridge-train.ts";

const file = (name: string) => ({
  uri: `s3://data/${name}`,
  sha256: "0".repeat(64),
  bytes: 1,
  mediaType: "application/octet-stream",
});

const jobs = {
  "ridge.download": () => ({ file: file("dataset.csv"), rows: 100 }),
  "ridge.split": () => ({ train: file("train.csv"), test: file("test.csv") }),
  "ridge.train": (input: Json) => {
    const { alpha } = input as { alpha: number };
    return { alpha, model: file(`model_${alpha}`) };
  },
  "ridge.evaluate": (input: Json) => {
    const { alpha, model } = input as { alpha: number; model: ReturnType<typeof file> };
    return { alpha, model, r2: alpha, report: file(`eval_${alpha}.txt`) };
  },
};

/** A finished run of ridge-sweep-subruns, and the runs that worked for it. */
async function swept() {
  const memory = new MemoryEngine([ridgeSweepSubruns], jobs);
  const cause = { kind: "manual" } as const;
  const start = { pipeline: "ridge-sweep-subruns", params: {}, cause, causeKey: "1" };
  const { runId } = await startRun(memory.engine, start);
  const run = await memory.finish(runId);
  const { runs } = await memory.store.listRuns({ pipeline: "ridge-train" }, 100);
  const children = await Promise.all(runs.map((each) => memory.store.getRun(each.runId)));
  return { memory, run, children: children.filter((child): child is Run => child !== undefined) };
}

const indexOf = ({ cause }: Run) => (cause.kind === "step" ? cause.index : -1);

describe("ridge-sweep-subruns", () => {
  it("trains each alpha in a run of its own, all of them concurrently, and reads their results", async () => {
    const { memory, run, children } = await swept();
    expect(run.state).toBe("SUCCEEDED");
    expect(children.sort((a, b) => indexOf(a) - indexOf(b)).map(({ params }) => params)).toMatchObject(
      [1, 0.1, 0.01, 0.001, 0.0001, 0.00001].map((alpha) => ({ alpha, train: file("train.csv") })),
    );
    const begins = children.map(({ startedAt }) => Date.parse(startedAt));
    const ends = children.map((child) => ("endedAt" in child ? Date.parse(child.endedAt) : 0));
    expect(Math.max(...begins)).toBeLessThanOrEqual(Math.min(...ends));
    const best = await memory.store.getStep({ runId: run.runId, step: "select_best", index: 0 });
    expect(best).toMatchObject({ output: { value: { best: { alpha: 1, model: file("model_1") } } } });
  });

  it("and its child runs link to each other", async () => {
    const { memory, run, children } = await swept();
    const records = await memory.store.listSteps(run.runId);
    const step = viewRun(run, ridgeSweepSubruns.graph, records, 0).steps.find(
      ({ name }) => name === "train_model",
    );
    const links = children.map((child) => ({
      index: indexOf(child),
      runId: child.runId,
      state: "SUCCEEDED",
    }));
    expect(step?.childRuns).toEqual(links.sort((a, b) => a.index - b.index));
    for (const child of children) {
      const { cause } = viewRun(child, ridgeTrain.graph, [], 0);
      expect(cause).toMatchObject({ kind: "step", runId: run.runId, step: "train_model" });
    }
  });

  it("submits each job to the queue that its model is given", async () => {
    const { memory, children } = await swept();
    const steps = await Promise.all(children.map(({ runId }) => memory.store.listSteps(runId)));
    const ran = steps
      .flat()
      .filter(({ state, step }) => state === "SUCCEEDED" && step.startsWith("train_on"));
    expect(ran.map(({ step }) => step).sort()).toEqual([
      ...Array(3).fill("train_on_cpu"),
      ...Array(3).fill("train_on_gpu"),
    ]);
    const queues = ran.flatMap(({ jobAttempts = [] }) => jobAttempts.map(({ queue }) => queue));
    expect(queues.sort()).toEqual(["cpu", "cpu", "cpu", "gpu", "gpu", "gpu"]);
  });

  it("fails with the reason if a model cannot be trained, and removes nothing", async () => {
    const { state, error, outputs } = await testPipeline(ridgeSweepSubruns, {
      params: { models: [{ alpha: 1 }, { alpha: 2, queue: "gpu" }] },
      jobs: {
        ...jobs,
        "ridge.train": (input) => {
          if ((input as { alpha: number }).alpha === 2) throw new Error("singular");
          return jobs["ridge.train"](input);
        },
      },
    });
    expect(state).toBe("FAILED");
    expect(error).toMatchObject({ step: "train_model[1]", message: expect.stringContaining("singular") });
    expect(outputs.cleanup_file).toBeUndefined();
  });
});

describe("ridge-train", () => {
  it.each(["cpu", "gpu"])("returns the model of the queue %s, and skips the other", async (queue) => {
    const other = queue === "cpu" ? "gpu" : "cpu";
    const { state, states, outputs } = await testPipeline(ridgeTrain, {
      params: { train: file("train.csv"), alpha: 0.5, queue },
      jobs,
    });
    expect(state).toBe("SUCCEEDED");
    expect(states[`train_on_${queue}`]).toBe("SUCCEEDED");
    expect(states[`train_on_${other}`] ?? "SKIPPED").toBe("SKIPPED");
    expect(outputs.trained_model).toEqual({ alpha: 0.5, model: file("model_0.5") });
  });

  it("refuses an unknown queue", async () => {
    const params = { train: file("train.csv"), alpha: 0.5, queue: "tpu" };
    await expect(testPipeline(ridgeTrain, { params, jobs })).rejects.toThrow("queue");
  });
});
