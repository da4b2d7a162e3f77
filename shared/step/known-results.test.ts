import { MemoryRunStore } from "../adapters/memory/memory-run-store.ts";
import type { StepKey, SucceededStep } from "../state/step-record.ts";
import { rememberResult, resultsNamed } from "./known-results.ts";

const record = (step: string, value: number): SucceededStep => ({
  runId: "run",
  step,
  index: 0,
  epoch: 1,
  attempt: 1,
  losses: {},
  failures: 0,
  state: "SUCCEEDED",
  startedAt: "2026-01-01T00:00:00.000Z",
  endedAt: "2026-01-01T00:00:01.000Z",
  output: { value: { list: [value] } },
});

function countedStore() {
  const store = new MemoryRunStore();
  const reads: string[] = [];
  const getSteps = store.getSteps.bind(store);
  store.getSteps = (keys: readonly StepKey[]) => {
    reads.push(keys.map(({ step }) => step).join());
    return getSteps(keys);
  };
  return { store, reads };
}

const names = (records: readonly SucceededStep[]) => records.map(({ step }) => step);

describe("known results", () => {
  it("are read once", async () => {
    const { store, reads } = countedStore();
    await store.putStep(record("a", 1), undefined);
    await store.putStep(record("b", 2), undefined);
    expect(names(await resultsNamed(store, "run", ["a"]))).toEqual(["a"]);
    expect(names(await resultsNamed(store, "run", ["a", "b"]))).toEqual(["a", "b"]);
    expect(names(await resultsNamed(store, "run", ["a", "b"]))).toEqual(["a", "b"]);
    expect(reads).toEqual(["a", "b"]);
  });

  it("are read again while there are none", async () => {
    const { store, reads } = countedStore();
    expect(await resultsNamed(store, "run", ["a"])).toEqual([]);
    const held = { ...record("a", 1), holder: "worker", state: "RUNNING", leaseUntil: 1 } as const;
    const put = await store.putStep(held, undefined);
    expect(await resultsNamed(store, "run", ["a"])).toEqual([]);
    if (put.ok) await store.putStep(record("a", 1), put.record.version);
    expect(names(await resultsNamed(store, "run", ["a"]))).toEqual(["a"]);
    expect(reads).toEqual(["a", "a", "a"]);
  });

  it("of one store or run are not returned for another", async () => {
    const { store } = countedStore();
    rememberResult(store, record("a", 1));
    expect(await resultsNamed(store, "another run", ["a"])).toEqual([]);
    expect(await resultsNamed(new MemoryRunStore(), "run", ["a"])).toEqual([]);
  });

  it("cannot be changed", async () => {
    const { store } = countedStore();
    rememberResult(store, record("a", 1));
    const [known] = await resultsNamed(store, "run", ["a"]);
    const output = known?.output as { value: { list: number[] } };
    expect(() => output.value.list.push(2)).toThrow(TypeError);
  });

  it("are limited in number, and evicted oldest first", async () => {
    const { store, reads } = countedStore();
    for (let step = 0; step <= 500; step += 1) rememberResult(store, record(`step${step}`, step));
    await resultsNamed(store, "run", ["step1", "step500", "step0"]);
    expect(reads).toEqual(["step0"]);
  });
});
