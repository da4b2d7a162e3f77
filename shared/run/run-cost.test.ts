import { aHeldStep, aStepNode, epochStart } from "../../test/factories.ts";
import type { Graph } from "../pipeline/graph.ts";
import { cached, ended, retrying, submitted, succeeded } from "../state/step-changes.ts";
import type { HeldStep, JobAttempt, StepRecord } from "../state/step-record.ts";
import { machinePrices, prices } from "./prices.ts";
import { largeWorkerMegabytes, runCost } from "./run-cost.ts";

const task = {
  kind: "batch" as const,
  job: "ridge.train",
  resources: { vcpus: 2, memory: 4096, gpus: 0, timeoutSeconds: 600, queue: "cpu" },
};
const graph: Graph = {
  version: 1,
  pipeline: "ridge-sweep",
  steps: [
    aStepNode(0, "read"),
    aStepNode(1, "train", { task }),
    aStepNode(2, "each", { over: [1, 2] }),
    aStepNode(3, "heavy", { size: "large" }),
  ],
};

const second = { startedAt: 0, endedAt: 1000 };
const hour = { startedAt: 0, endedAt: 3_600_000 };
function anAttempt(overrides: Partial<JobAttempt> = {}): JobAttempt {
  return {
    ...{ epoch: 1, attempt: 1, job: "job-1", state: "SUCCEEDED", vcpus: 2, memory: 4096, queue: "cpu" },
    tries: [hour],
    ...overrides,
  };
}

const costOf = (step: string, ...records: StepRecord[]) => runCost(graph, records).steps.get(step);
const done = (record: HeldStep, seconds = 1) =>
  succeeded(record, { value: null }, epochStart + seconds * 1000);
const trained = (...jobAttempts: JobAttempt[]) => done(aHeldStep({ step: "train", jobAttempts }));

/** The cost of the engine's own services for a job and for a function, which doesn't depend on the job's own work. */
const ofEngine = costOf("train", trained(anAttempt({ tries: [] })))?.dollars ?? 0;

describe("the cost of a job", () => {
  const onDemand = 2 * machinePrices.vcpuHour.dollars + 4 * machinePrices.gibibyteHour.dollars;

  test.each<[string, Partial<JobAttempt>, number]>([
    ["an hour on demand costs its share of the machine", { queue: "cpu-on-demand" }, onDemand],
    ["an hour on Spot costs half of that", {}, onDemand / 2],
    ["a queue that isn't known to be Spot is priced as on demand", { queue: "mine" }, onDemand],
    [
      "a GPU is charged in addition to its vCPUs",
      { queue: "gpu-on-demand", gpus: 2 },
      onDemand + 2 * machinePrices.gpuHour.dollars,
    ],
    [
      "an hour on Lambda costs its gigabyte-seconds and its invocation",
      { queue: "lambda" },
      3600 * 4 * prices.jobGigabyteSecond.dollars + prices.invocation.dollars,
    ],
    ["interrupted tries are charged", { tries: [hour, hour] }, onDemand],
    ["a try that never got a machine costs no machine", { tries: [{}] }, 0],
  ])("%s", (_what, overrides, dollars) => {
    expect(costOf("train", trained(anAttempt(overrides)))?.dollars).toBeCloseTo(dollars + ofEngine, 10);
  });

  test("counts every attempt, also of earlier epochs", () => {
    const all = trained(anAttempt({ state: "FAILED" }), anAttempt({ epoch: 2 }));
    expect(costOf("train", all)?.dollars).toBeCloseTo(onDemand + 2 * ofEngine, 10);
  });

  test("is a minimum while the job runs, and after attempts were dropped", () => {
    const attempts = Array.from({ length: 10 }, () => anAttempt({ tries: [second] }));
    const running = submitted(aHeldStep({ step: "train" }), [{ id: "job-1", name: "n" }]);
    expect(costOf("train", running)).toMatchObject({ atLeast: true });
    expect(
      costOf("train", done(aHeldStep({ step: "train", attempt: 11, jobAttempts: attempts }))),
    ).toMatchObject({
      atLeast: true,
    });
    expect(costOf("train", trained(anAttempt()))).toMatchObject({ atLeast: false });
  });
});

describe("the cost of a function", () => {
  const secondDollars = prices.gigabyteSecond.dollars;

  test("is its time on the worker and the engine's cost for its step", () => {
    const short = costOf("read", done(aHeldStep({ step: "read" }), 0));
    const long = costOf("read", done(aHeldStep({ step: "read" }), 10));
    expect((long?.dollars ?? 0) - (short?.dollars ?? 0)).toBeCloseTo(10 * secondDollars, 12);
    // The sum that docs/benchmarks.md has for a step of a chain: $4.05 per million.
    expect(short?.dollars).toBeCloseTo(4.05e-6, 8);
  });

  test("that is large is its time on the large worker, and one message more", () => {
    const short = costOf("heavy", done(aHeldStep({ step: "heavy" }), 0))?.dollars ?? 0;
    const long = costOf("heavy", done(aHeldStep({ step: "heavy" }), 10))?.dollars ?? 0;
    expect(long - short).toBeCloseTo(10 * secondDollars * (largeWorkerMegabytes / 1024), 12);
    const small = costOf("read", done(aHeldStep({ step: "read" }), 0))?.dollars ?? 0;
    // A send, a receive, a delete, an invocation and a read of the run: $1.53 per million.
    expect(short - small).toBeCloseTo(1.525e-6, 10);
  });

  test("whose worker died is that of a large function", () => {
    const lost = (step: string) => done(aHeldStep({ step, attempt: 2, losses: { worker: 1 } }), 10);
    expect(costOf("read", lost("read"))?.dollars).toBeCloseTo(
      costOf("heavy", lost("heavy"))?.dollars ?? 0,
      12,
    );
  });

  test("is a minimum after a retry", () => {
    const held = aHeldStep({ step: "read", attempt: 2 });
    expect(costOf("read", done(held))).toMatchObject({ atLeast: true });
    expect(costOf("read", retrying(held, { name: "E", message: "" }, 0))).toMatchObject({ atLeast: true });
  });

  test("of a map is the sum of its children", () => {
    const child = (index: number) => done(aHeldStep({ step: "each", index }), 0);
    const one = costOf("each", child(0))?.dollars ?? 0;
    expect(costOf("each", child(0), child(1))?.dollars).toBeCloseTo(2 * one, 12);
  });
});

test("a cached result costs only its lookup", () => {
  const source = { runId: "r", step: "train", index: 0 };
  const kept = cached(aHeldStep({ step: "train" }), { value: null }, source, epochStart);
  expect(costOf("train", kept)?.dollars).toBeLessThan(ofEngine);
});

test("a run costs the sum of its steps, as a minimum if a step's cost is one", () => {
  const records = [
    done(aHeldStep({ step: "read" })),
    ended(aHeldStep({ step: "train", jobAttempts: [anAttempt()] }), "FAILED", epochStart),
  ];
  const { dollars, atLeast, steps } = runCost(graph, records);
  expect(dollars).toBeCloseTo(
    [...steps.values()].reduce((sum, step) => sum + step.dollars, 0),
    12,
  );
  expect(atLeast).toBe(false);
  expect(runCost(graph, [aHeldStep({ step: "read" })]).atLeast).toBe(true);
});
