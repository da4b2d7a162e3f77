import { createHash } from "node:crypto";
import * as z from "zod";
import { retryRun } from "../../shared/operate/retry-run.ts";
import {
  type Artifact,
  artifact,
  batch,
  defineJob,
  definePipeline,
  lambda,
  type StepOptions,
} from "../../shared/pipeline/index.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import { viewRun } from "../../shared/run/run-view.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { begin, runOf, stepOf, work } from "./driving.ts";

const params = z.strictObject({ list: z.array(z.number()).default([1]) });
type Cache = NonNullable<StepOptions["cache"]>;

/** Squares a list with functions, whose calls are recorded. `cache` says how results are cached. */
function squares(calls: number[], cache: Cache = true) {
  return definePipeline({ name: "squares", params }, ({ params, map }) => {
    map(
      "square",
      params.list,
      (n) =>
        lambda({ n }, ({ n }) => {
          calls.push(n);
          return n * n;
        }),
      { cache },
    );
  });
}

const square = defineJob("demo.square", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});

/** The same with jobs, whose image version may be known or not. */
function byJobs(calls: number[], versions: Record<string, string> = { demo: "image-1" }) {
  const pipeline = definePipeline({ name: "squares", params }, ({ params, map }) => {
    map("square", params.list, (n) => batch(square, { n }), { cache: true });
  });
  const memory = new MemoryEngine([pipeline], {
    "demo.square": (input) => {
      const { n } = input as { n: number };
      calls.push(n);
      return { n: n * n };
    },
  });
  memory.engine = { ...memory.engine, jobVersions: new Map(Object.entries(versions)) };
  return memory;
}

async function finished(memory: MemoryEngine, list: number[], more: { refresh?: boolean } = {}) {
  const runId = await begin(memory, "squares", { params: { list }, ...more });
  expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
  return runId;
}

const childStates = async (memory: MemoryEngine, runId: string) =>
  (await memory.store.listSteps(runId, "square"))
    .filter(({ index }) => index !== "map")
    .map(({ state }) => state);

/** Replaces the deployed pipelines. */
function deploy(memory: MemoryEngine, ...pipelines: ReturnType<typeof squares>[]): void {
  const byName = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline]));
  memory.engine = { ...memory.engine, pipelines: byName as Engine["pipelines"] };
}

describe("a cached function", () => {
  it("is not called again for the same input, and the step shows whose result it has", async () => {
    const calls: number[] = [];
    const memory = new MemoryEngine([squares(calls)]);
    const first = await finished(memory, [2]);
    const second = await finished(memory, [2]);
    expect(calls).toEqual([2]);
    expect(await stepOf(memory, second, "square")).toMatchObject({
      state: "CACHED",
      attempt: 1,
      output: { value: 4 },
      cachedFrom: { runId: first, step: "square", index: 0 },
    });
    // The source stays the run that did the work, no matter how many runs use its result.
    const third = await finished(memory, [2]);
    expect(await stepOf(memory, third, "square")).toMatchObject({ cachedFrom: { runId: first } });
  });

  it("is called once for equal items within a run", async () => {
    const calls: number[] = [];
    const memory = new MemoryEngine([squares(calls)]);
    const runId = await finished(memory, [3, 3, 3]);
    expect(calls).toEqual([3]);
    expect(await childStates(memory, runId)).toEqual(["SUCCEEDED", "CACHED", "CACHED"]);
  });

  it("is called only for the new items of a list", async () => {
    const calls: number[] = [];
    const memory = new MemoryEngine([squares(calls)]);
    await finished(memory, [1, 2]);
    const runId = await finished(memory, [2, 5, 1]);
    expect(calls).toEqual([1, 2, 5]);
    expect(await childStates(memory, runId)).toEqual(["CACHED", "SUCCEEDED", "CACHED"]);
  });

  it("is called again once its result has expired, to the millisecond", async () => {
    const calls: number[] = [];
    const memory = new MemoryEngine([squares(calls, { expires: 600 })]);
    const first = await stepOf(memory, await finished(memory, [2]), "square");
    const expiry = Date.parse("endedAt" in first ? first.endedAt : "") + 600_000;
    // Starts a run; the run itself begins a millisecond later.
    const runAt = async (time: number) => {
      memory.clock.moveTo(time - 1);
      await begin(memory, "squares", { params: { list: [2] } });
      await work(memory);
    };
    await runAt(expiry - 1);
    expect(calls).toEqual([2]);
    await runAt(expiry);
    expect(calls).toEqual([2, 2]);
    // The new result expires by its own time.
    await runAt(expiry + 599_999);
    expect(calls).toEqual([2, 2]);
  });

  it("is called again by a run with refresh, and the new result is stored", async () => {
    const calls: number[] = [];
    const memory = new MemoryEngine([squares(calls)]);
    await finished(memory, [2]);
    const refreshed = await finished(memory, [2], { refresh: true });
    const after = await finished(memory, [2]);
    expect(calls).toEqual([2, 2]);
    expect(await stepOf(memory, after, "square")).toMatchObject({ cachedFrom: { runId: refreshed } });
  });

  it.each([
    ["another text", (calls: number[]) => squares(calls), (calls: number[]) => cubes(calls)],
    [
      "another version",
      (calls: number[]) => squares(calls, { version: "1" }),
      (calls: number[]) => squares(calls, { version: "2" }),
    ],
  ])("is called again when it has %s, but not when that change is reverted", async (_what, old, changed) => {
    const calls: number[] = [];
    const memory = new MemoryEngine([old(calls)]);
    await finished(memory, [2]);
    deploy(memory, changed(calls));
    await finished(memory, [2]);
    expect(calls).toEqual([2, 2]);
    deploy(memory, old(calls));
    await finished(memory, [2]);
    expect(calls).toEqual([2, 2]);
  });

  it("is called again if it failed", async () => {
    const calls: number[] = [];
    const pipeline = definePipeline({ name: "squares", params }, ({ step }) => {
      step(
        "square",
        lambda({}, () => {
          calls.push(1);
          throw new Error("never");
        }),
        { cache: true },
      );
    });
    const memory = new MemoryEngine([pipeline]);
    for (let run = 0; run < 2; run += 1) {
      await memory.finish(await begin(memory, "squares", { params: {} }));
    }
    expect(calls).toEqual([1, 1]);
  });

  it("succeeds even if the cache refuses the result", async () => {
    const calls: number[] = [];
    const memory = new MemoryEngine([squares(calls)]);
    memory.engine.cache.put = () => Promise.reject(new Error("the cache is full"));
    await finished(memory, [2]);
    await finished(memory, [2]);
    expect(calls).toEqual([2, 2]);
  });

  it("is not called again by a retry of the run for what that run cached", async () => {
    const calls: number[] = [];
    let broken = true;
    const pipeline = definePipeline({ name: "squares", params }, ({ params, map }) => {
      map(
        "square",
        params.list,
        (n) =>
          lambda({ n }, ({ n }) => {
            if (broken && n === 9) throw new Error("nine");
            calls.push(n);
            return n;
          }),
        { cache: true },
      );
    });
    const memory = new MemoryEngine([pipeline]);
    await finished(memory, [1, 2]);
    const runId = await begin(memory, "squares", { params: { list: [1, 9, 2] } });
    expect((await memory.finish(runId)).state).toBe("FAILED");
    broken = false;
    await retryRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(calls).toEqual([1, 2, 9]);
    expect(await childStates(memory, runId)).toEqual(["CACHED", "SUCCEEDED", "CACHED"]);
  });
});

function cubes(calls: number[]) {
  return definePipeline({ name: "squares", params }, ({ params, map }) => {
    map(
      "square",
      params.list,
      (n) =>
        lambda({ n }, ({ n }) => {
          calls.push(n);
          return n * n * n;
        }),
      { cache: true },
    );
  });
}

describe("cached results and objects", () => {
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const at = (uri: string, text: string): Artifact => {
    return { uri, sha256: sha256(text), bytes: text.length, mediaType: "text/plain" };
  };

  /** Reads an object by its artifact, makes another, and records each call. */
  function copying(calls: string[], padding = "") {
    const schema = z.strictObject({ source: artifact });
    return definePipeline({ name: "squares", params: schema }, ({ params, step }) => {
      step(
        "square",
        lambda({ source: params.source }, async ({ source }, { artifacts }) => {
          calls.push(source.uri);
          return { copy: await artifacts.write("copy.txt", "copied", "text/plain"), padding };
        }),
        { cache: true },
      );
    });
  }
  const copied = async (memory: MemoryEngine, source: Artifact) => {
    const runId = await begin(memory, "squares", { params: { source } });
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    return stepOf(memory, runId, "square");
  };

  it("hit for an object with the same content, wherever it lies, and miss for other content", async () => {
    const calls: string[] = [];
    const memory = new MemoryEngine([copying(calls)]);
    await copied(memory, at("s3://data/raw/a.txt", "text"));
    expect((await copied(memory, at("s3://data/raw/b.txt", "text"))).state).toBe("CACHED");
    expect((await copied(memory, { ...at("s3://data/raw/a.txt", "text"), versionId: "7" })).state).toBe(
      "CACHED",
    );
    expect((await copied(memory, at("s3://data/raw/a.txt", "other"))).state).toBe("SUCCEEDED");
    expect(calls).toHaveLength(2);
  });

  it.each([
    ["small", ""],
    ["large", "x".repeat(5000)],
  ])("that are %s miss if an object that they name is gone", async (_size, padding) => {
    const calls: string[] = [];
    const memory = new MemoryEngine([copying(calls, padding)]);
    const source = at("s3://data/raw/a.txt", "text");
    await copied(memory, source);
    expect((await copied(memory, source)).state).toBe("CACHED");
    for (const uri of memory.objects.uris().filter((each) => each.endsWith("copy.txt")))
      await memory.objects.delete(uri);
    expect((await copied(memory, source)).state).toBe("SUCCEEDED");
    expect(calls).toHaveLength(2);
  });

  it("over 4 KB are used from where they lie, and miss if they are gone", async () => {
    let calls = 0;
    const pipeline = definePipeline({ name: "squares", params }, ({ step }) => {
      const text = step(
        "make",
        lambda({}, () => {
          calls += 1;
          return "x".repeat(5000);
        }),
        { cache: true },
      );
      step(
        "measure",
        lambda({ text }, ({ text }) => text.length),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const first = await finished(memory, []);
    const second = await finished(memory, []);
    const { output } = (await stepOf(memory, first, "make")) as { output?: { uri: string } };
    expect(await stepOf(memory, second, "make")).toMatchObject({ state: "CACHED", output });
    expect(await stepOf(memory, second, "measure")).toMatchObject({ output: { value: 5000 } });
    await memory.objects.delete(output?.uri ?? "");
    await finished(memory, []);
    expect(calls).toBe(2);
  });
});

describe("a cached job", () => {
  it("is not submitted again for the same input", async () => {
    const calls: number[] = [];
    const memory = byJobs(calls);
    const first = await finished(memory, [4]);
    const second = await finished(memory, [4]);
    expect(calls).toEqual([4]);
    expect(memory.batch.submitted()).toHaveLength(1);
    expect(await stepOf(memory, second, "square")).toMatchObject({
      state: "CACHED",
      output: { value: { n: 16 } },
      cachedFrom: { runId: first, step: "square", index: 0 },
    });
  });

  it("is submitted only for the new items of a list, as one array job", async () => {
    const calls: number[] = [];
    const memory = byJobs(calls);
    await finished(memory, [1, 2]);
    const runId = await finished(memory, [5, 2, 6, 1]);
    expect(calls).toEqual([1, 2, 5, 6]);
    expect(memory.batch.submitted()).toHaveLength(2);
    expect(await childStates(memory, runId)).toEqual(["SUCCEEDED", "CACHED", "SUCCEEDED", "CACHED"]);
  });

  it("over a list without new items isn't submitted, and the map shows its children", async () => {
    const calls: number[] = [];
    const memory = byJobs(calls);
    await finished(memory, [1, 2, 3]);
    const runId = await finished(memory, [3, 1]);
    expect(memory.batch.submitted()).toHaveLength(1);
    expect(await childStates(memory, runId)).toEqual(["CACHED", "CACHED"]);
    const graph = memory.engine.pipelines.get("squares")?.graph;
    const records = await memory.store.listSteps(runId);
    const view = graph && viewRun(await runOf(memory, runId), graph, records, memory.clock.now());
    expect(view?.steps[0]).toMatchObject({
      state: "SUCCEEDED",
      children: { total: 2, counts: { CACHED: 2 } },
    });
  });

  it("is submitted again for another image", async () => {
    const calls: number[] = [];
    const memory = byJobs(calls);
    await finished(memory, [1, 2]);
    memory.engine = { ...memory.engine, jobVersions: new Map([["demo", "image-2"]]) };
    await finished(memory, [1, 2]);
    expect(calls).toEqual([1, 2, 1, 2]);
  });

  it("that ends after another image is deployed is cached for the image that it was submitted with", async () => {
    const calls: number[] = [];
    const memory = byJobs(calls);
    const of = (image: string) => {
      memory.engine = { ...memory.engine, jobVersions: new Map([["demo", image]]) };
    };
    const runId = await begin(memory, "squares", { params: { list: [3] } });
    await work(memory);
    of("image-2");
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    await finished(memory, [3]);
    expect(calls).toEqual([3, 3]);
    of("image-1");
    await finished(memory, [3]);
    expect(calls).toEqual([3, 3]);
  });

  it("doesn't use what another job of its family returned for the same input in that step", async () => {
    const calls: string[] = [];
    const by = (name: string) =>
      definePipeline({ name: "squares", params }, ({ step }) => {
        const job = defineJob(`demo.${name}`, {
          input: square.input,
          output: square.output,
          resources: { vcpus: 1, memory: 512 },
        });
        step("square", batch(job, { n: 4 }), { cache: true });
      });
    const standIn = (name: string) => () => {
      calls.push(name);
      return { n: 16 };
    };
    const memory = new MemoryEngine([by("old")], {
      "demo.old": standIn("old"),
      "demo.new": standIn("new"),
    });
    memory.engine = { ...memory.engine, jobVersions: new Map([["demo", "image-1"]]) };
    await finished(memory, []);
    const changed = by("new");
    memory.engine = { ...memory.engine, pipelines: new Map([[changed.name, changed]]) };
    await finished(memory, []);
    expect(calls).toEqual(["old", "new"]);
  });

  it("whose image is unknown is never cached", async () => {
    const calls: number[] = [];
    const memory = byJobs(calls, {});
    await finished(memory, [1, 2]);
    await finished(memory, [1, 2]);
    expect(calls).toEqual([1, 2, 1, 2]);
  });

  it("whose end was never reported is not submitted again by a retry of the run", async () => {
    const calls: number[] = [];
    const memory = byJobs(calls);
    await finished(memory, [1, 2]);
    const runId = await begin(memory, "squares", { params: { list: [1, 9, 2] } });
    // The worker dies after it committed the cached children, before it joins them.
    const joinTally = memory.store.joinTally.bind(memory.store);
    memory.store.joinTally = async () => {
      throw new Error("the worker died");
    };
    await expect(work(memory)).rejects.toThrow("the worker died");
    memory.store.joinTally = joinTally;
    const run = await runOf(memory, runId);
    await memory.store.moveRun(runId, 1, { to: "CANCELLING", endsAs: "CANCELLED", reason: "" }, 0);
    await memory.store.endRun(run, { to: "CANCELLED", endedAt: new Date(memory.clock.now()).toISOString() });
    // The cached results no longer apply, so the children's own records must be enough.
    memory.engine = { ...memory.engine, jobVersions: new Map([["demo", "image-2"]]) };
    await retryRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(calls).toEqual([1, 2, 9]);
    expect(await childStates(memory, runId)).toEqual(["CACHED", "SUCCEEDED", "CACHED"]);
  });
});
