import * as z from "zod";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { batch, defineJob, definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { costOf } from "../../shared/run/kept-cost.ts";
import { priceList } from "../../shared/run/prices.ts";
import { runCost } from "../../shared/run/run-cost.ts";
import { viewRun } from "../../shared/run/run-view.ts";
import { joinSucceeded } from "../../shared/step/map-step.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { begin, pass, runOf, work } from "./driving.ts";

const crunch = defineJob("demo.crunch", {
  input: z.object({}),
  output: z.object({}),
  resources: { vcpus: 4, memory: 8192 },
});

const onePlace = z.object({ place: z.number() });
const crunchOne = defineJob("demo.crunch_one", {
  input: onePlace,
  output: z.object({}),
  resources: { vcpus: 4, memory: 8192 },
});

/** A map of functions, of which one fails as long as the test wants it to. */
function mapped(size: number) {
  const fails = { last: false };
  const pipeline = definePipeline({ name: "mapped", params: z.strictObject({}) }, ({ step, map }) => {
    const items = step(
      "list",
      lambda({}, () => Array.from({ length: size }, (_, place) => place)),
    );
    map(
      "each",
      items,
      (place) =>
        lambda({ place }, (input) => {
          if (fails.last && input.place === size - 1) throw new Error("as the test wants it");
          return null;
        }),
      { retries: 0 },
    );
  });
  return { memory: new MemoryEngine([pipeline]), fails };
}

async function graphOf(memory: MemoryEngine, runId: string) {
  const { graphHash } = await runOf(memory, runId);
  const graph = await memory.store.getGraph(graphHash);
  if (graph === undefined) throw new Error("a run has a graph");
  return graph;
}

/** What the records of a run's steps cost, in dollars. */
async function costOfRecords(memory: MemoryEngine, runId: string): Promise<number> {
  return runCost(await graphOf(memory, runId), await memory.store.listSteps(runId)).dollars;
}

describe("the cost that a run keeps at its end", () => {
  it("is that of its steps and children, with the list of prices it is based on", async () => {
    const { memory } = mapped(3);
    const runId = await begin(memory, "mapped");
    await memory.finish(runId);
    const { cost } = await runOf(memory, runId);
    expect(cost).toMatchObject({ epoch: 1, atLeast: false, prices: priceList });
    // Each step's price is rounded to a whole nanodollar.
    expect(cost?.dollars).toBeCloseTo(await costOfRecords(memory, runId), 8);
  });

  it("takes no read of a step, however many children a map has", async () => {
    const { memory } = mapped(401);
    const runId = await begin(memory, "mapped");
    const reads: string[] = [];
    const { store } = memory.engine;
    for (const name of ["getStep", "getSteps", "listSteps", "getTally"] as const) {
      const read = store[name].bind(store) as (...args: unknown[]) => Promise<never>;
      store[name] = (...args: unknown[]) => {
        reads.push(name);
        return read(...args);
      };
    }
    const endRun = store.endRun.bind(store);
    let before: string[] = [];
    const joinRun = store.joinRun.bind(store);
    store.joinRun = (...args) => {
      before = [...reads];
      return joinRun(...args);
    };
    let during: string[] | undefined;
    store.endRun = (...args) => {
      during = reads.slice(before.length);
      return endRun(...args);
    };
    expect(await memory.finish(runId)).toMatchObject({ state: "SUCCEEDED", cost: { atLeast: false } });
    expect(during).toEqual([]);
    // Each shard's worker reads its tally once to send its hints, as it did before costs were kept.
    expect(before.filter((name) => name === "listSteps")).toEqual([]);
    expect(before.filter((name) => name === "getTally")).toHaveLength(3);
  });

  it("is taken back when the run is retried, and then includes what the first try cost", async () => {
    const { memory, fails } = mapped(3);
    fails.last = true;
    const runId = await begin(memory, "mapped");
    expect((await memory.finish(runId)).state).toBe("FAILED");
    const first = (await runOf(memory, runId)).cost?.dollars ?? 0;
    fails.last = false;
    const retried = await retryRun(memory.engine, runId);
    expect(retried).not.toHaveProperty("cost");
    expect(costOf(retried)).toMatchObject({ atLeast: true, soFar: true });
    expect(costOf(retried)?.dollars).toBeCloseTo(first, 12);
    await memory.finish(runId);
    const again = await runOf(memory, runId);
    expect(again).toMatchObject({ state: "SUCCEEDED", cost: { epoch: 2, atLeast: false } });
    // One child ran again, and the map's own record began again.
    const child = (await memory.store.listSteps(runId, "each")).filter(({ index }) => index === 2);
    const graph = await graphOf(memory, runId);
    const ofChild = runCost(graph, child).dollars;
    expect((again.cost?.dollars ?? 0) - first).toBeGreaterThan(ofChild);
    expect((again.cost?.dollars ?? 0) - first).toBeLessThan(3 * ofChild + 5e-6);
  });

  it("of a cancelled run includes the jobs that the cancel ended", async () => {
    const pipeline = definePipeline({ name: "job", params: z.strictObject({}) }, ({ step }) => {
      step("crunch", batch(crunch, {}));
    });
    const memory = new MemoryEngine([pipeline], { "demo.crunch": () => ({}) });
    const runId = await begin(memory, "job");
    await work(memory);
    const [job] = memory.batch.waiting();
    if (job === undefined) throw new Error("a job waits");
    memory.batch.begin(job.id);
    await work(memory);
    memory.clock.moveTo(memory.clock.now() + 3_600_000);
    await cancelRun(memory.engine, runId);
    await pass(memory, 600);
    const { state, cost } = await runOf(memory, runId);
    expect(state).toBe("CANCELLED");
    // An hour of four vCPUs on Spot.
    expect(cost?.dollars).toBeGreaterThan(0.05);
    expect(cost?.dollars).toBeCloseTo(await costOfRecords(memory, runId), 8);
  });

  it("is a minimum if older code ended one of its steps", async () => {
    const { memory } = mapped(3);
    const runId = await begin(memory, "mapped");
    const joinRun = memory.store.joinRun.bind(memory.store);
    memory.store.joinRun = (id, epoch, step, outcome, error) => joinRun(id, epoch, step, outcome, error);
    expect(await memory.finish(runId)).toMatchObject({ cost: { dollars: 0, atLeast: true } });
  });

  it("is what the run's view shows; a run that goes on shows its cost so far", async () => {
    const { memory } = mapped(3);
    const runId = await begin(memory, "mapped");
    const view = async () => {
      const run = await runOf(memory, runId);
      const records = await memory.store.listSteps(runId);
      return viewRun(run, await graphOf(memory, runId), records, memory.clock.now());
    };
    expect((await view()).cost).toMatchObject({ soFar: true });
    await memory.finish(runId);
    const shown = await view();
    const { cost } = await runOf(memory, runId);
    expect(shown.cost).toMatchObject({ dollars: cost?.dollars, atLeast: false });
    for (const internal of ["spent", "priced", "unpriced", "counted"])
      expect(shown).not.toHaveProperty(internal);
  });
});

/**
 * The cost that a run keeps if its map of jobs failed and was retried.
 *
 * @param isTakenOver whether another worker joins the children that have ended just before the retried one joins itself
 */
async function costOfRetriedJobs(isTakenOver: boolean): Promise<number> {
  let fails = true;
  const pipeline = definePipeline({ name: "jobs", params: z.strictObject({}) }, ({ map }) => {
    map("each", [0, 1], (place) => batch(crunchOne, { place }), { retries: 0 });
  });
  const memory = new MemoryEngine([pipeline], {
    "demo.crunch_one": (input) => {
      memory.clock.moveTo(memory.clock.now() + 3_600_000);
      if (fails && onePlace.parse(input).place === 1) throw new Error("as the test wants it");
      return {};
    },
  });
  const runId = await begin(memory, "jobs");
  expect((await memory.finish(runId)).state).toBe("FAILED");
  fails = false;
  await retryRun(memory.engine, runId);
  const graph = await graphOf(memory, runId);
  const [node] = graph.steps;
  if (node === undefined) throw new Error("the graph has a step");
  let joinsFirst = isTakenOver;
  const joinTally = memory.store.joinTally.bind(memory.store);
  memory.store.joinTally = async (...args) => {
    if (joinsFirst) {
      joinsFirst = false;
      await joinSucceeded(memory.engine, { run: await runOf(memory, runId), graph, node }, 2);
    }
    return joinTally(...args);
  };
  const { state, cost } = await memory.finish(runId);
  expect([state, joinsFirst]).toEqual(["SUCCEEDED", false]);
  return cost?.dollars ?? 0;
}

it("a map's child of this epoch costs the same, whichever worker joins it", async () => {
  const cost = await costOfRetriedJobs(false);
  expect(cost).toBeGreaterThan(0.05);
  expect(await costOfRetriedJobs(true)).toBeCloseTo(cost, 8);
});

it("a run that older code ended has no kept cost, nor has one whose cost is of an earlier epoch", async () => {
  const { memory } = mapped(1);
  const runId = await begin(memory, "mapped");
  await memory.finish(runId);
  const run = await runOf(memory, runId);
  if (run.cost === undefined) throw new Error("it has kept its cost");
  const { cost, ...older } = run;
  expect(costOf(older)).toBeUndefined();
  expect(costOf({ ...older, epoch: 2, cost })).toBeUndefined();
});

describe("the cost of a cancelled run", () => {
  it("leaves out a step that a worker began without knowing of the cancel: it counts when it ends", async () => {
    let release = () => {};
    let begun = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const pipeline = definePipeline({ name: "late", params: z.strictObject({}) }, ({ step }) => {
      step(
        "work",
        lambda({}, async () => {
          begun();
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const runId = await begin(memory, "late");
    const [message] = memory.queue.receive();
    if (message === undefined) throw new Error("no message waits");
    const asRead = await runOf(memory, runId);
    const store = Object.assign(Object.create(memory.engine.store), { getRun: async () => asRead });
    const outlineSteps = memory.store.outlineSteps.bind(memory.store);
    let ends: Promise<void> | undefined;
    memory.store.outlineSteps = async (...args) => {
      ends ??= handleStepMessage({ ...memory.engine, store }, message, Number.POSITIVE_INFINITY);
      await hasBegun;
      return outlineSteps(...args);
    };
    await cancelRun(memory.engine, runId);
    const run = await runOf(memory, runId);
    expect(run.state).toBe("CANCELLED");
    expect(costOf(run)?.dollars).toBe(0);
    release();
    await ends;
  });
});
