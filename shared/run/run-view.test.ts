import { aHeldStep, aRun, aStepNode, epochStart, timeAt } from "../../test/factories.ts";
import type { Graph, StepNode } from "../pipeline/graph.ts";
import type { Artifact } from "../pipeline/job.ts";
import type { EndedRun, Progress, Run } from "../state/run.ts";
import type {
  EndedStep,
  JobAttempt,
  StepIndex,
  StepRecord,
  StoredValue,
  SucceededStep,
} from "../state/step-record.ts";
import { maxChildRuns, maxErrors, type StepView, viewRun } from "./run-view.ts";

const batchTask: StepNode["task"] = {
  kind: "batch",
  job: "ridge.train",
  resources: { vcpus: 1, memory: 512, gpus: 0, timeoutSeconds: 600, queue: "cpu" },
};

/** read → train (mapped) → pick → clean */
const graph: Graph = {
  version: 1,
  pipeline: "ridge-sweep",
  steps: [
    aStepNode(0, "read"),
    aStepNode(1, "train", { task: batchTask, over: { $params: ["alphas"] }, needs: [0] }),
    aStepNode(2, "pick", { needs: [1] }),
    aStepNode(3, "clean", { after: [2] }),
  ],
};

const runId = "20211004T162100Z-000000000001";
const now = epochStart + 60_000;

function progress(parts: { done?: number[]; failed?: number[]; skipped?: number[] }): Progress {
  const { done = [], failed = [], skipped = [] } = parts;
  return { done: new Set(done), failed: new Set(failed), skipped: new Set(skipped) };
}

function anEndedRun(state: EndedRun["state"], overrides: Partial<EndedRun> = {}): EndedRun {
  return { ...aRun({ runId }), state, endedAt: timeAt(50), ...overrides };
}

type Overrides = Partial<
  Pick<SucceededStep, "children" | "endedAt" | "startedAt" | "attempt" | "epoch"> & { output: StoredValue }
>;

function succeeded(step: string, index: StepIndex, overrides: Overrides = {}): SucceededStep {
  const { leaseUntil: _leaseUntil, holder: _holder, ...facts } = aHeldStep({ runId, step, index });
  return { ...facts, state: "SUCCEEDED", endedAt: timeAt(4), output: { value: null }, ...overrides };
}

function ended(step: string, index: StepIndex, overrides: Partial<EndedStep> = {}): EndedStep {
  const { leaseUntil: _leaseUntil, holder: _holder, ...facts } = aHeldStep({ runId, step, index });
  return { ...facts, state: "FAILED", endedAt: timeAt(5), ...overrides };
}

/** A step or a child whose job is in some state. */
function withJob(
  step: string,
  index: StepIndex,
  state: "SUBMITTED" | "RUNNABLE" | "RUNNING",
  children?: number,
): StepRecord {
  const { leaseUntil: _leaseUntil, holder: _holder, ...facts } = aHeldStep({ runId, step, index });
  return {
    ...facts,
    holder: "jobs",
    state,
    jobs: [{ id: "j", name: "n" }],
    ...(children !== undefined && { children }),
  };
}

function anArtifact(uri: string): Artifact {
  return { uri, sha256: "a".repeat(64), bytes: 10, mediaType: "text/plain" };
}

function viewStep(run: Run, name: string, records: readonly StepRecord[]): StepView {
  const found = viewRun(run, graph, records, now).steps.find((step) => step.name === name);
  if (found === undefined) throw new Error(`no step ${name}`);
  return found;
}

const statesOf = (run: Run, records: readonly StepRecord[]) =>
  viewRun(run, graph, records, now).steps.map(({ state }) => state);

describe("viewRun", () => {
  test("a step without a record is READY or WAITING", () => {
    expect(statesOf(aRun({ runId }), [])).toEqual(["READY", "WAITING", "WAITING", "WAITING"]);
  });

  test("a run's duration is until its end, or until now", () => {
    const running = viewRun(aRun({ runId }), graph, [], now);
    expect(running.milliseconds).toBe(60_000);
    expect(running).not.toHaveProperty("endedAt");
    expect(viewRun(anEndedRun("SUCCEEDED"), graph, [], now)).toMatchObject({
      milliseconds: 50_000,
      endedAt: timeAt(50),
    });
  });

  test("a step's duration is until its end, or until now", () => {
    const records = [succeeded("read", 0), aHeldStep({ runId, step: "pick", startedAt: timeAt(20) })];
    const run = aRun({ runId, progress: progress({ done: [0, 1] }) });
    expect(viewStep(run, "read", records)).toMatchObject({ state: "SUCCEEDED", milliseconds: 4000 });
    expect(viewStep(run, "pick", records)).toMatchObject({ state: "RUNNING", milliseconds: 40_000 });
  });

  test("a step has its stored result; a map has one for each child, and none of its own", () => {
    const output = { value: { promoted: false, reason: "worse by 4.6 %" } };
    const records = [
      succeeded("read", 0, { output: { uri: "s3://b/large" } }),
      succeeded("train", "map", { children: 1 }),
      succeeded("train", 0),
      succeeded("pick", 0, { output }),
    ];
    const run = anEndedRun("SUCCEEDED", { progress: progress({ done: [0, 1, 2] }) });
    expect(viewRun(run, graph, records, now).steps.map((step) => step.output)).toEqual([
      { uri: "s3://b/large" },
      undefined,
      output,
      undefined,
    ]);
  });

  test("the view is plain JSON", () => {
    const records = [
      succeeded("read", 0),
      withJob("train", "map", "SUBMITTED", 2),
      withJob("train", 0, "RUNNING"),
    ];
    const view = viewRun(aRun({ runId, progress: progress({ done: [0] }) }), graph, records, now);
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
  });

  test("children without a record count like their map's jobs, and the counts add up to the total", () => {
    const records = [
      withJob("train", "map", "SUBMITTED", 6),
      succeeded("train", 3),
      withJob("train", 1, "RUNNING"),
    ];
    const step = viewStep(aRun({ runId, progress: progress({ done: [0] }) }), "train", records);
    expect(step.children).toEqual({ total: 6, counts: { SUCCEEDED: 1, RUNNING: 1, SUBMITTED: 4 } });
    expect(step.state).toBe("RUNNING");
  });

  test("a map without a started job is not running", () => {
    const records = [withJob("train", "map", "SUBMITTED", 2), withJob("train", 0, "RUNNABLE")];
    expect(viewStep(aRun({ runId, progress: progress({ done: [0] }) }), "train", records).state).toBe(
      "SUBMITTED",
    );
  });

  test("a map of child runs links to a limited number of them, including failed ones", () => {
    const records = Array.from({ length: 30 }, (_, index): StepRecord => {
      const child = { runId: `child-${index}`, epoch: 1 };
      return index === 25 ? { ...ended("train", index), child } : { ...succeeded("train", index), child };
    });
    const run = aRun({ runId, progress: progress({ done: [0] }) });
    const step = viewRun(run, graph, [withJob("train", "map", "RUNNING", 30), ...records], now).steps[1];
    expect(step?.childRuns).toHaveLength(maxChildRuns);
    expect(step?.childRuns?.slice(0, 2)).toEqual([
      { index: 0, runId: "child-0", state: "SUCCEEDED" },
      { index: 1, runId: "child-1", state: "SUCCEEDED" },
    ]);
    expect(step?.childRuns?.at(-1)).toEqual({ index: 25, runId: "child-25", state: "FAILED" });
  });

  test("a map's number of attempts is the maximum of its children", () => {
    const records = [
      withJob("train", "map", "SUBMITTED", 2),
      { ...succeeded("train", 0), attempt: 3 },
      succeeded("train", 1),
    ];
    expect(viewStep(aRun({ runId }), "train", records).attempts).toBe(3);
  });

  test("a step that waits for a retry shows when and why", () => {
    const { leaseUntil: _leaseUntil, holder: _holder, ...facts } = aHeldStep({ runId, step: "read" });
    const error = { name: "Throttled", message: "slow down" };
    const record: StepRecord = { ...facts, state: "RETRYING", retryAt: epochStart + 90_000, error };
    expect(viewStep(aRun({ runId }), "read", [record])).toMatchObject({
      state: "RETRYING",
      retryAt: timeAt(90),
      errors: [error],
    });
  });

  describe("of a failed run", () => {
    const error = { name: "ValueError", message: "alpha is NaN" };
    const run = anEndedRun("FAILED", {
      progress: progress({ done: [0], failed: [1] }),
      error: { step: "train", ...error },
    });
    const records = [
      succeeded("read", 0),
      succeeded("train", 0),
      ended("train", 1, { error }),
      ended("train", "map", {
        children: 2,
        error: { name: "ChildrenFailed", message: "a mapped child failed" },
      }),
    ];

    test("steps after the failure are UPSTREAM_FAILED", () => {
      expect(statesOf(run, records)).toEqual(["SUCCEEDED", "FAILED", "UPSTREAM_FAILED", "UPSTREAM_FAILED"]);
      expect(viewRun(run, graph, records, now).error).toEqual({ step: "train", ...error });
    });

    test("a map shows the errors of its children, with their indices, instead of its own", () => {
      expect(viewStep(run, "train", records).errors).toEqual([{ ...error, index: 1 }]);
      expect(viewStep(run, "train", records).children).toEqual({
        total: 2,
        counts: { SUCCEEDED: 1, FAILED: 1 },
      });
    });

    test("a thousand failed children show a few errors", () => {
      const many = Array.from({ length: 1000 }, (_, index) => ended("train", index, { error }));
      expect(
        viewStep(run, "train", [...many, ended("train", "map", { children: 1000 })]).errors,
      ).toHaveLength(maxErrors);
    });

    test("after a retry by hand, failed steps are ready again and successful ones unchanged", () => {
      const again = aRun({ runId, epoch: 2, progress: progress({ done: [0] }) });
      expect(statesOf(again, records)).toEqual(["SUCCEEDED", "READY", "WAITING", "WAITING"]);
      expect(viewStep(again, "train", records)).toMatchObject({ errors: [] });
      expect(viewStep(again, "train", records)).not.toHaveProperty("startedAt");
    });

    test("after a retry by hand, children that succeeded before count as such, and the others as submitted", () => {
      const map = { ...withJob("train", "map", "SUBMITTED", 2), epoch: 2 };
      const step = viewStep(aRun({ runId, epoch: 2, progress: progress({ done: [0] }) }), "train", [
        ...records.slice(0, 3),
        map,
      ]);
      expect(step.children).toEqual({ total: 2, counts: { SUCCEEDED: 1, SUBMITTED: 1 } });
    });
  });

  test("a cancelled run keeps ended steps; all others are CANCELLED", () => {
    const run = anEndedRun("CANCELLED", { progress: progress({ done: [0] }) });
    const map = ended("train", "map", {
      state: "CANCELLED",
      children: 3,
      error: { name: "Cancelled", message: "…" },
    });
    const records = [succeeded("read", 0), succeeded("train", 0), map];
    expect(statesOf(run, records)).toEqual(["SUCCEEDED", "CANCELLED", "CANCELLED", "CANCELLED"]);
    expect(viewStep(run, "train", records).children).toEqual({
      total: 3,
      counts: { SUCCEEDED: 1, CANCELLED: 2 },
    });
    expect(viewStep(run, "pick", records)).not.toHaveProperty("startedAt");
    expect(viewStep(run, "train", records).errors).toEqual([]);
  });

  test("a run that is being cancelled has no ready step", () => {
    expect(
      statesOf({ ...aRun({ runId }), state: "CANCELLING", endsAs: "CANCELLED", reason: "enough" }, []),
    ).toEqual(["WAITING", "WAITING", "WAITING", "WAITING"]);
  });

  test("a step shows the objects that it made, each once, and not those that its result only names", () => {
    const place = `s3://bucket/runs/ridge-sweep/${runId}`;
    const model = anArtifact(`${place}/train/0/1.1/model.joblib`);
    const value = { model, again: [model], data: anArtifact(`${place}/read/0/1.1/data.csv`) };
    const records = [
      succeeded("train", 0, { output: { value } }),
      succeeded("train", "map", { children: 1 }),
    ];
    expect(viewStep(aRun({ runId }), "train", records).artifacts).toEqual([model]);
  });

  test("a run shows its work queue and its place there, and why it was stopped", () => {
    const waiting = aRun({ runId, state: "QUEUED", queue: "gpu", priority: 7 });
    expect(viewRun(waiting, graph, [], now)).toMatchObject({ state: "QUEUED", queue: "gpu", priority: 7 });
    expect(viewRun(waiting, graph, [], now)).not.toHaveProperty("reason");
    const stopped = anEndedRun("TIMED_OUT", { reason: "took too long" });
    expect(viewRun(stopped, graph, [], now)).toMatchObject({ state: "TIMED_OUT", reason: "took too long" });
    const stopping = {
      ...aRun({ runId }),
      state: "CANCELLING",
      endsAs: "CANCELLED",
      reason: "enough",
    } as const;
    expect(viewRun(stopping, graph, [], now)).toMatchObject({ reason: "enough" });
  });

  test.each<[Run["state"], StepView["state"]]>([
    ["SCHEDULED", "WAITING"],
    ["QUEUED", "WAITING"],
    ["PAUSED", "PAUSED"],
    ["TIMED_OUT", "CANCELLED"],
  ])("in a run that is %s, a step without a record is %s", (state, expected) => {
    const run = state === "TIMED_OUT" ? anEndedRun(state) : ({ ...aRun({ runId }), state } as Run);
    expect(viewStep(run, "read", []).state).toBe(expected);
    expect(viewStep(run, "pick", []).state).toBe(state === "TIMED_OUT" ? "CANCELLED" : "WAITING");
  });

  test("a paused run shows its active steps unchanged", () => {
    const run = { ...aRun({ runId, progress: progress({ done: [0] }) }), state: "PAUSED" } as const;
    const records = [
      succeeded("read", 0),
      withJob("train", "map", "SUBMITTED", 1),
      withJob("train", 0, "RUNNING"),
    ];
    expect(statesOf(run, records)).toEqual(["SUCCEEDED", "RUNNING", "WAITING", "WAITING"]);
  });

  test("a cached step shows whose result it has", () => {
    const cachedFrom = { runId: "earlier", step: "read", index: 0 };
    const record = { ...succeeded("read", 0), state: "CACHED", cachedFrom } as const;
    const run = aRun({ runId, progress: progress({ done: [0] }) });
    expect(viewStep(run, "read", [record])).toMatchObject({ state: "CACHED", cachedFrom, attempts: 1 });
  });

  test("a map counts cached children separately, and has begun if it has any", () => {
    const cachedFrom = { runId: "earlier", step: "train", index: 3 };
    const kept = { ...succeeded("train", 0), state: "CACHED", cachedFrom } as const;
    const records = [withJob("train", "map", "SUBMITTED", 3), kept, succeeded("train", 1)];
    const step = viewStep(aRun({ runId, progress: progress({ done: [0] }) }), "train", records);
    expect(step).toMatchObject({
      state: "RUNNING",
      children: { total: 3, counts: { CACHED: 1, SUCCEEDED: 1, SUBMITTED: 1 } },
    });
    expect(step).not.toHaveProperty("cachedFrom");
  });

  test("a repeated step shows its passes, a child step its run, an approval its question", () => {
    const { leaseUntil: _leaseUntil, holder: _holder, ...facts } = aHeldStep({ runId, step: "read" });
    const child = { runId: "child", epoch: 1 };
    const records: [StepRecord, Partial<StepView>][] = [
      [{ ...aHeldStep({ runId, step: "read" }), passes: 3 }, { passes: 3 }],
      [
        { ...facts, state: "RUNNING", holder: "run", child },
        { child: "child", state: "RUNNING" },
      ],
      [
        { ...facts, state: "PAUSED", holder: "person", message: "really?", deadlineAt: now },
        { message: "really?", state: "PAUSED" },
      ],
    ];
    for (const [record, expected] of records) {
      const shown = viewStep(aRun({ runId }), "read", [record]);
      expect(shown).toMatchObject(expected);
      const others = ["passes", "child", "message"].filter((field) => !(field in expected));
      for (const field of others) expect(shown).not.toHaveProperty(field);
    }
  });

  test("a map of approvals shows a limited number of answers, rejections first", () => {
    const at = "2021-10-04T16:21:00.000Z";
    const answered = (index: number, approved: boolean): StepRecord => ({
      ...succeeded("train", index),
      answer: { approved, by: "ana", at },
    });
    const records = Array.from({ length: 30 }, (_, index) => answered(index, index !== 25));
    const { answers } = viewStep(aRun({ runId }), "train", records);
    expect(answers).toHaveLength(20);
    expect(answers?.slice(0, 2)).toEqual([
      { approved: false, by: "ana", at, index: 25 },
      { approved: true, by: "ana", at, index: 0 },
    ]);
    expect(viewStep(aRun({ runId }), "train", [succeeded("train", 0)])).not.toHaveProperty("answers");
  });

  test("a hook is not among the run's steps", () => {
    const hook = succeeded("@succeeded", 1);
    const run = anEndedRun("SUCCEEDED", { progress: progress({ done: [0, 1, 2, 3] }) });
    expect(viewRun(run, graph, [hook], now).steps.map(({ name }) => name)).toEqual([
      "read",
      "train",
      "pick",
      "clean",
    ]);
  });
});

describe("a Batch step", () => {
  const single: Graph = { ...graph, steps: [aStepNode(0, "train", { task: batchTask })] };
  const attempt: JobAttempt = {
    ...{ epoch: 1, attempt: 1, job: "job-1", state: "FAILED", vcpus: 1, memory: 512, queue: "cpu" },
    ...{ image: "ridge@sha256:0123", reason: "SpotInterruption: gone" },
    tries: [{ startedAt: epochStart, endedAt: epochStart + 2000, log: "g:d/default/1" }],
  };
  const viewed = (record: StepRecord) => viewRun(aRun({ runId }), single, [record], now).steps[0];

  it("shows its jobs with image and logs, its usage and its cost", () => {
    const usage = { peakMemoryBytes: 1024 ** 2, cpuSeconds: 1 };
    const { reason: _reason, ...last } = { ...attempt, attempt: 2, state: "SUCCEEDED" as const, usage };
    const view = viewed({ ...succeeded("train", 0, { attempt: 2 }), jobAttempts: [attempt, last] });
    expect(view).toMatchObject({
      jobs: [
        {
          attempt: 1,
          spot: true,
          seconds: 2,
          reason: "SpotInterruption: gone",
          tries: [{ log: "g:d/default/1" }],
        },
        { attempt: 2, image: "ridge@sha256:0123", state: "SUCCEEDED" },
      ],
      usage: { peakMemoryBytes: 1024 ** 2, memoryBytes: 512 * 1024 ** 2, vcpusUsed: 0.5, vcpus: 1 },
      cost: { dollars: expect.any(Number), atLeast: false },
    });
  });

  it("shows where its job runs and logs now, on demand after lost Spot machines", () => {
    const running = withJob("train", 0, "RUNNING");
    const moved = { ...running, losses: { spot: 3 }, log: "g:d/default/9", jobAttempts: [attempt] };
    expect(viewed(moved as StepRecord)).toMatchObject({ queue: "cpu-on-demand", log: "g:d/default/9" });
    expect(viewed(running)).toMatchObject({ queue: "cpu" });
    expect(viewed(running)).toMatchObject({ jobs: [{ attempt: 1, state: "RUNNING" }] });
  });
});

it("a job without a GPU, because the stage has none, says so", () => {
  const withResources = (resources: object) => ({
    ...graph,
    steps: graph.steps.map((node) =>
      node.task.kind === "batch"
        ? { ...node, task: { ...node.task, resources: { ...node.task.resources, ...resources } } }
        : node,
    ),
  });
  const withoutGpu = { vcpus: 2, memory: 4096 };
  const shown = (resources: object) =>
    viewRun(aRun({ runId }), withResources(resources), [withJob("train", "map", "RUNNING", 2)], now).steps[1];
  expect(shown({ withoutGpu })).toMatchObject({ queue: "cpu", withoutGpu: true });
  expect(shown({ withoutGpu, gpus: 1, queue: "gpu" })).not.toHaveProperty("withoutGpu");
  expect(shown({})).not.toHaveProperty("withoutGpu");
});

describe("the work after a run's end", () => {
  const run = anEndedRun("FAILED", { epoch: 2 });
  const error = { name: "NoticeRefusedError", message: "there is no parameter" };
  const records: StepRecord[] = [
    succeeded("read", 0),
    ended("@failed", 1, { epoch: 1 }),
    succeeded("@failed", 2, { epoch: 2 }),
    ended("@failed/slack-2", 2, { epoch: 2, attempt: 3, error }),
  ];

  it("is its hook and its notices, of the last epoch", () => {
    expect(viewRun(run, graph, records, now).afterwards).toMatchObject([
      { kind: "hook", name: "hook", state: "SUCCEEDED", attempts: 1, errors: [] },
      { kind: "notice", name: "slack-2", state: "FAILED", attempts: 3, errors: [error] },
    ]);
  });

  it("after a success also includes the starts of other pipelines, with their runs", () => {
    const done = anEndedRun("SUCCEEDED");
    const started = succeeded("@succeeded:poem-model", 1, { output: { value: { runId: "r2" } } });
    const refused = ended("@succeeded:report", 1, { error });
    expect(viewRun(done, graph, [started, refused], now).afterwards).toMatchObject([
      { kind: "start", name: "poem-model", state: "SUCCEEDED", child: "r2" },
      { kind: "start", name: "report", state: "FAILED", errors: [error] },
    ]);
  });

  it("is not among its steps", () => {
    expect(viewRun(run, graph, records, now).steps.map(({ name }) => name)).toEqual(
      graph.steps.map(({ name }) => name),
    );
  });
});
