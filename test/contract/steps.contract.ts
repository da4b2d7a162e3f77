import type { FoundRecord, RunStore, StepsPlace, StoredStep } from "../../shared/ports/run-store.ts";
import { openPages, outlinePages } from "../../shared/run/listed-steps.ts";
import {
  awaitingApproval,
  awaitingObject,
  awaitingRun,
  betweenPasses,
  cached,
  ended,
  expanded,
  retrying,
  sleeping,
  submitted,
  succeeded,
} from "../../shared/state/step-changes.ts";
import type { StepOutline, StepRecord } from "../../shared/state/step-record.ts";
import { aHeldStep, epochStart } from "../factories.ts";

const error = { name: "ValueError", message: "", stack: ["at fit", "at main"], log: "s3://logs/1" };
const held = aHeldStep();
const job = submitted(held, [{ id: "job-1", name: "name-1" }], 12);

const source = { runId: "20211004T162100Z-earlier00000", step: "train_model", index: 7 };
const uri = "s3://data/raw/labels.csv";
/** A step with every optional field set. */
const seasoned = aHeldStep({
  attempt: 9,
  failures: 1,
  losses: { worker: 2, spot: 3, memory: 1 },
  passes: 4,
  child: { runId: "20211004T162100Z-child0000000", epoch: 2 },
  list: "0123456789abcdef",
  answer: { approved: false, by: "ana", at: "2021-10-04T16:21:00.000Z", comment: "too old" },
  functionAttempts: [
    { epoch: 1, attempt: 7, startedAt: epochStart, endedAt: epochStart + 5 },
    {
      ...{ epoch: 1, attempt: 8, startedAt: epochStart, endedAt: epochStart + 90_000 },
      error: { name: "TimeoutError", code: "TIMEOUT" },
    },
  ],
  jobAttempts: [
    {
      ...{
        epoch: 1,
        attempt: 8,
        job: "job-1",
        state: "FAILED",
        vcpus: 0.5,
        memory: 2048,
        gpus: 1,
        queue: "gpu",
      },
      image: "ridge@sha256:0123",
      usage: { peakMemoryBytes: 1_234_567, cpuSeconds: 0.25 },
      reason: "SpotInterruption: gone",
      tries: [
        { log: "g:d/default/1", startedAt: epochStart, endedAt: epochStart + 1000, reason: "Host EC2" },
        {},
      ],
    },
    {
      epoch: 1,
      attempt: 9,
      job: "job-2",
      state: "SUCCEEDED",
      vcpus: 1,
      memory: 512,
      queue: "cpu",
      tries: [],
    },
  ],
});

/** One record of each kind. */
export const stepRecords: readonly [string, StepRecord][] = [
  ["held by a worker", held],
  ["being submitted", aHeldStep({ state: "SUBMITTED" })],
  ["being submitted again", aHeldStep({ state: "SUBMITTED", refusals: 3 })],
  ["held by a job", submitted(held, [{ id: "job-1", name: "name-1" }])],
  ["held by jobs that wait for a machine", { ...job, state: "RUNNABLE", runnableSince: epochStart }],
  [
    "of a job that runs and has a log",
    { ...job, state: "RUNNING", runningSince: 1, log: "/aws/batch/dev:d/default/1" },
  ],
  ["a map under way", { ...expanded(held, 10_000), index: "map" }],
  ["of a run of another pipeline", awaitingRun(held, { runId: "child", epoch: 1 })],
  ["that sleeps", sleeping(held, epochStart)],
  ["between two passes", betweenPasses(held, epochStart)],
  ["that waits for an object", awaitingObject(held, uri, epochStart)],
  ["that waits for a person", awaitingApproval(held, "Publish?", epochStart)],
  ["with all that it may bring along", seasoned],
  ["lost and to be tried again", retrying(seasoned, error, epochStart, "spot")],
  ["to be tried again", retrying(held, error, epochStart)],
  [
    "succeeded with a value",
    succeeded(held, { value: { r2: 0.1, empty: [], text: "", huge: 1e300 } }, epochStart),
  ],
  ["succeeded with nothing", succeeded(job, { value: null }, epochStart)],
  ["succeeded with a large value", succeeded(held, { uri: "s3://data/runs/x.json" }, epochStart)],
  ["with another run's value", cached(seasoned, { value: null }, source, epochStart)],
  ["with another run's large value", cached(held, { uri: "s3://data/runs/x.json" }, source, epochStart)],
  ["refused by a person", ended(seasoned, "FAILED", epochStart, error)],
  ["failed", ended(held, "FAILED", epochStart, error)],
  ["cancelled", ended(job, "CANCELLED", epochStart)],
];

/** What a run store promises about step records. `create` returns a new, empty store. */
export function stepsContract(create: () => Promise<RunStore>): void {
  let store: RunStore;
  beforeEach(async () => {
    store = await create();
  });

  const put = async (record: StepRecord, previous?: string): Promise<StoredStep> => {
    const result = await store.putStep(record, previous);
    if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.current)}`);
    return result.record;
  };

  test.each(stepRecords)("a record %s is read as it was put", async (_, record) => {
    const stored = await put(record);
    expect(stored).toEqual({ ...record, version: stored.version });
    expect(await store.getStep(record)).toEqual(stored);
  });

  test("a missing record is undefined", async () => {
    expect(await store.getStep(held)).toBeUndefined();
    expect(await store.getSteps([held])).toEqual([]);
    expect(await store.listSteps(held.runId)).toEqual([]);
  });

  test("a write replaces the record of the expected version completely", async () => {
    const first = await put(retrying(held, error, epochStart));
    const second = await put(held, first.version);
    expect(second.version).not.toBe(first.version);
    expect(await store.getStep(held)).toEqual({ ...held, version: second.version });
  });

  test("a write that expects another version is refused with the current record", async () => {
    const first = await put(held);
    const second = await put(job, first.version);
    const refused = { ok: false, current: second };
    expect(await store.putStep(ended(held, "FAILED", epochStart), first.version)).toEqual(refused);
    expect(await store.putStep(held, undefined)).toEqual(refused);
    expect(await store.getStep(held)).toEqual(second);
  });

  test("a write that expects a version of a missing record is refused", async () => {
    expect(await store.putStep(held, "gone")).toEqual({ ok: false, current: undefined });
    expect(await store.getStep(held)).toBeUndefined();
  });

  test("exactly one of concurrent first writes wins, and the others get its record", async () => {
    const claims = Array.from({ length: 30 }, (_, worker) =>
      store.putStep(aHeldStep({ leaseUntil: worker }), undefined),
    );
    const results = await Promise.all(claims);
    const [winner, ...others] = results.filter((result) => result.ok);
    expect(others).toEqual([]);
    for (const loser of results.filter((result) => !result.ok)) expect(loser.current).toEqual(winner?.record);
    expect(await store.getStep(held)).toEqual(winner?.record);
  });

  test("exactly one of concurrent replacements wins", async () => {
    const { version } = await put(held);
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, worker) => store.putStep(aHeldStep({ leaseUntil: worker }), version)),
    );
    expect(results.filter((result) => result.ok)).toHaveLength(1);
  });

  test("several records are read in the order of their keys, each once, without the missing ones", async () => {
    const indexes = Array.from({ length: 230 }, (_, index) => index);
    await Promise.all(indexes.map((index) => put(aHeldStep({ index }))));
    const wanted = [...indexes].reverse().map((index) => ({ ...held, index }));
    const found = await store.getSteps([
      ...wanted,
      { ...held, index: 5 },
      { ...held, step: "other", index: 0 },
    ]);
    expect(found.map((record) => record.index)).toEqual([...indexes].reverse());
    expect(found[0]).toEqual(await store.getStep({ ...held, index: 229 }));
  });

  test("a read without keys returns no records", async () => {
    expect(await store.getSteps([])).toEqual([]);
  });

  test("a step's records are listed by index, then the map's; a run's are listed by step", async () => {
    const other = aHeldStep({ runId: "another-run" });
    for (const record of [
      { ...expanded(held, 3), index: "map" } as const,
      aHeldStep({ index: 10_000 }),
      aHeldStep({ index: 9 }),
      aHeldStep({ index: 100 }),
      aHeldStep({ step: "train_model_2" }),
      aHeldStep({ step: "load" }),
      other,
    ]) {
      await put(record);
    }
    const places = (found: FoundRecord[]) => found.map(({ step, index }) => `${step} ${index}`);
    const ofStep = ["train_model 9", "train_model 100", "train_model 10000", "train_model map"];
    expect(places(await store.listSteps(held.runId, "train_model"))).toEqual(ofStep);
    expect(places(await store.listSteps(held.runId))).toEqual(["load 0", ...ofStep, "train_model_2 0"]);
  });

  test("more records than fit into one response are all listed", async () => {
    // DynamoDB answers with at most 1 MB at a time.
    const value = "x".repeat(30_000);
    const indexes = Array.from({ length: 45 }, (_, index) => index);
    await Promise.all(indexes.map((index) => put(succeeded(aHeldStep({ index }), { value }, epochStart))));
    expect((await store.listSteps(held.runId, held.step)).map((record) => record.index)).toEqual(indexes);
  });

  test.each(stepRecords)(
    "the outline of a record %s has all but its result, its answer and where its error was thrown",
    async (_, record) => {
      await put(record);
      const { records, next } = await store.outlineSteps(record.runId, record.step);
      const {
        output: _output,
        answer: _answer,
        ...outline
      } = { ...{ output: undefined, answer: undefined }, ...record };
      const shown = "error" in outline && { error: { name: error.name, message: error.message } };
      expect(records).toEqual([{ ...outline, ...shown }]);
      expect(next).toBeUndefined();
    },
  );

  test("outlines of more results than fit into one response come in pages", async () => {
    const value = "x".repeat(30_000);
    const indexes = Array.from({ length: 245 }, (_, index) => index);
    await Promise.all(indexes.map((index) => put(succeeded(aHeldStep({ index }), { value }, epochStart))));
    const found: StepOutline[] = [];
    let pages = 0;
    for await (const page of outlinePages(store, held.runId, held.step)) {
      pages += 1;
      found.push(...page);
    }
    expect(pages).toBeGreaterThan(1);
    expect(found.map(({ index }) => index)).toEqual(indexes);
    expect(JSON.stringify(found)).not.toContain("xxx");
  });

  test("the open records are those that have not ended, of a run, of a step or of a shard", async () => {
    const ofEnded = succeeded(aHeldStep({ index: 3 }), { value: "x" }, epochStart);
    for (const record of [
      ...[0, 2, 199, 200, 399, 400, 10_000].map((index) => aHeldStep({ index })),
      ofEnded,
      ended(aHeldStep({ index: 201 }), "FAILED", epochStart, error),
      { ...expanded(held, 10_001), index: "map" } as const,
      aHeldStep({ step: "train_model_2", index: 1 }),
      retrying(aHeldStep({ step: "load" }), error, epochStart),
      aHeldStep({ runId: "another-run" }),
    ]) {
      await put(record);
    }
    const places = async (place: StepsPlace) => {
      const found: string[] = [];
      for await (const page of openPages(store, held.runId, place))
        found.push(...page.map(({ step, index }) => `${step} ${index}`));
      return found;
    };
    const ofMap = [0, 2, 199, 200, 399, 400, 10_000].map((index) => `train_model ${index}`);
    expect(await places({})).toEqual(["load 0", ...ofMap, "train_model map", "train_model_2 1"]);
    expect(await places({ step: "train_model" })).toEqual([...ofMap, "train_model map"]);
    expect(await places({ step: "train_model", shard: 0 })).toEqual(ofMap.slice(0, 3));
    expect(await places({ step: "train_model", shard: 1 })).toEqual(ofMap.slice(3, 5));
    expect(await places({ step: "train_model", shard: 7 })).toEqual([]);
  });

  test("an open record is listed whole", async () => {
    const stored = await put(seasoned);
    const { records } = await store.openSteps(held.runId, {});
    expect(records).toEqual([stored]);
  });

  test("changes to results don't change what is stored", async () => {
    const stored = await put(ended(held, "FAILED", epochStart, error));
    if ("error" in stored && stored.error) (stored.error as { message: string }).message = "changed";
    expect(await store.getStep(held)).toMatchObject({ error: { message: "" } });
  });
}
