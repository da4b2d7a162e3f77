import type { Graph, StepNode } from "../shared/pipeline/graph.ts";
import { retryPolicy } from "../shared/pipeline/retry-policy.ts";
import type { RunNotice } from "../shared/ports/notifier.ts";
import { noProgress, type RunningRun, type WaitingRun } from "../shared/state/run.ts";
import type { HeldStep } from "../shared/state/step-record.ts";

/** 4 October 2021, 16:21 UTC: all times of test data count from here. */
export const epochStart = Date.parse("2021-10-04T16:21:00.000Z");

/** The time this many seconds after {@link epochStart}, in ISO 8601. */
export const timeAt = (seconds: number) => new Date(epochStart + seconds * 1000).toISOString();

let runs = 0;

/** A run that has just started. Its id is new each time unless given. */
export function aRun(overrides: Partial<WaitingRun | RunningRun> = {}): WaitingRun | RunningRun {
  runs += 1;
  const { pipeline = "ridge-sweep" } = overrides;
  return {
    runId: `20211004T162100Z-${String(runs).padStart(12, "0")}`,
    pipeline,
    graphHash: "0123456789abcdef",
    name: "october",
    params: { alphas: [0.1, 1], label: "" },
    cause: { kind: "manual", by: "ana" },
    scheduledAt: timeAt(0),
    startedAt: timeAt(0),
    epoch: 1,
    state: "RUNNING",
    progress: noProgress,
    queue: pipeline,
    priority: 50,
    limits: [],
    onCollision: "queue",
    refresh: false,
    tags: [],
    ...overrides,
  };
}

/** A record of a step that a worker holds. */
export function aHeldStep(overrides: Partial<HeldStep> = {}): HeldStep {
  return {
    runId: "20211004T162100Z-step00000000",
    step: "train_model",
    index: 0,
    epoch: 1,
    attempt: 1,
    failures: 0,
    holder: "worker",
    state: "RUNNING",
    leaseUntil: epochStart + 60_000,
    startedAt: timeAt(0),
    ...overrides,
  };
}

/** A lambda step of a graph. */
export function aStepNode(number: number, name: string, overrides: Partial<StepNode> = {}): StepNode {
  return {
    number,
    name,
    task: { kind: "lambda" },
    input: {},
    needs: [],
    after: [],
    retries: retryPolicy.parse({ limit: 0 }),
    timeout: 60,
    ...overrides,
  };
}

/** A graph in which each step comes after the one before it. */
export function aChain(...names: string[]): Graph {
  const steps = names.map((name, number) =>
    aStepNode(number, name, { after: number > 0 ? [number - 1] : [] }),
  );
  return { version: 1, pipeline: "ridge-sweep", steps };
}

/** A notice of a run that failed in production. */
export function aNotice(overrides: Partial<RunNotice> = {}): RunNotice {
  const id = "20211004T162100Z-4k7q2m9xt6bw";
  return {
    version: 1,
    stage: "prod",
    pipeline: "ridge-sweep",
    run: { id, name: "ridge-sweep-2021-10-04" },
    state: "FAILED",
    epoch: 1,
    scheduledAt: timeAt(0),
    startedAt: timeAt(0),
    endedAt: timeAt(90),
    error: { step: "train_model[3]", name: "ValueError", message: "y has 3 NaN" },
    failedSteps: ["train_model"],
    commands: { look: `npx millrace run ${id} --stage prod`, retry: `npx millrace retry ${id} --stage prod` },
    ...overrides,
  };
}
