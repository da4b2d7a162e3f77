import * as z from "zod";
import {
  batch,
  defineJob,
  definePipeline,
  gte,
  lambda,
  type Ref,
  repeat,
} from "../../shared/pipeline/index.ts";
import type { WorkerSize } from "../../shared/ports/engine.ts";
import type { StepMessage } from "../../shared/ports/step-queue.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { testPipeline } from "../../shared/testing/test-pipeline.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { crashings, runWithCrash, wrapped } from "./crashing-engine.ts";
import { begin, letMessagesDie, pass, runOf, stepOf } from "./driving.ts";

const none = z.strictObject({});
const noDeadline = Number.POSITIVE_INFINITY;
const large = { size: "large" } as const;

/** The size of the active worker, which bodies write down. */
const worker: { size: WorkerSize } = { size: "small" };

/** What happened in a run: where its bodies ran, and which messages were sent to which queue. */
type Trail = { bodies: string[]; sent: string[] };

/** Records every message that is sent, as `queue step[index]`. */
function watchSent(memory: MemoryEngine, sent: string[]): void {
  for (const { queue, workerSize } of memory.lanes) {
    const send = queue.send.bind(queue);
    queue.send = async (messages, delay) => {
      sent.push(...messages.map(({ step, index }) => `${workerSize} ${step}[${index}]`));
      await send(messages, delay);
    };
  }
}

/** Handles everything that waits, each message in a worker of its queue's size. */
async function drive(memory: MemoryEngine): Promise<void> {
  for (;;) {
    const waiting = memory.lanes.flatMap(({ queue, workerSize }) =>
      queue.receive().map((message) => ({ message, workerSize })),
    );
    if (waiting.length === 0) return;
    for (const { message, workerSize } of waiting) {
      worker.size = workerSize;
      await handleStepMessage({ ...memory.engine, workerSize }, message, noDeadline);
    }
  }
}

/** Functions in a chain that write down where they ran. Names in capitals are large functions. */
function chain(names: readonly string[], bodies: string[]) {
  return definePipeline({ name: "chain", params: none }, ({ step }) => {
    let last: Ref<number> | number = 0 as number;
    for (const name of names) {
      const isLarge = name !== name.toLowerCase();
      const body = ({ last: before }: { last: number }) => {
        bodies.push(`${name} ${worker.size}`);
        return before + 1;
      };
      last = step(name.toLowerCase(), lambda({ last }, body), isLarge ? large : {});
    }
  });
}

async function lived(names: readonly string[]): Promise<Trail> {
  const trail: Trail = { bodies: [], sent: [] };
  const memory = new MemoryEngine([chain(names, trail.bodies)]);
  watchSent(memory, trail.sent);
  const runId = await begin(memory, "chain");
  await drive(memory);
  expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  return trail;
}

describe("a chain of functions of both sizes", () => {
  it("runs each in a worker of its size, with one message for each change of size", async () => {
    expect(await lived(["a", "B", "c"])).toEqual({
      bodies: ["a small", "B large", "c small"],
      // The worker of the step before passes the step on. If the sizes were equal, it would run the step itself.
      sent: ["small a[0]", "large b[0]", "small c[0]"],
    });
  });

  it("stays in the large worker as long as its steps are large", async () => {
    expect(await lived(["A", "B", "C", "d", "e"])).toEqual({
      bodies: ["A large", "B large", "C large", "d small", "e small"],
      sent: ["small a[0]", "large a[0]", "small d[0]"],
    });
  });

  it("without a large step sends nothing to large workers", async () => {
    expect((await lived(["a", "b", "c"])).sent).toEqual(["small a[0]"]);
  });
});

describe("a map of large functions", () => {
  it("is expanded and counted by small workers, and its children run in large ones", async () => {
    const bodies: string[] = [];
    const pipeline = definePipeline({ name: "wide", params: none }, ({ step, map }) => {
      const list = step(
        "list",
        lambda({}, () => [1, 2, 3]),
        large,
      );
      const each = map(
        "each",
        list,
        (n) =>
          lambda({ n }, ({ n }) => {
            bodies.push(worker.size);
            return n * 2;
          }),
        large,
      );
      step(
        "sum",
        lambda({ each }, ({ each }) => {
          bodies.push(worker.size);
          return each.reduce((sum, n) => sum + n, 0);
        }),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const sent: string[] = [];
    watchSent(memory, sent);
    const runId = await begin(memory, "wide");
    await drive(memory);
    expect(bodies).toEqual(["large", "large", "large", "small"]);
    expect(await stepOf(memory, runId, "sum")).toMatchObject({ output: { value: 12 } });
    expect(sent.toSorted()).toEqual(
      [
        ...["small list[0]", "large list[0]", "small each[map]", "small sum[0]"],
        ...[0, 1, 2].flatMap((index) => [`small each[${index}]`, `large each[${index}]`]),
      ].sort(),
    );
  });

  it("of several shards runs to its end", async () => {
    const pipeline = definePipeline({ name: "shards", params: none }, ({ map }) => ({
      all: map(
        "each",
        Array.from({ length: 450 }, (_, n) => n),
        (n) => lambda({ n }, ({ n }) => n),
        large,
      ),
    }));
    const { state, outputs } = await testPipeline(pipeline);
    expect(state).toBe("SUCCEEDED");
    expect(outputs.each).toHaveLength(450);
  });
});

describe("a large function", () => {
  it("is large at every pass and retry, and what follows the run's end is small", async () => {
    const bodies: string[] = [];
    let failures = 1;
    const note = (what: string) => bodies.push(`${what} ${worker.size}`);
    const hooks = { succeeded: () => void note("hook") };
    const pipeline = definePipeline({ name: "again", params: none, hooks }, ({ step }) => {
      const passes = step(
        "passes",
        repeat(
          lambda({}, (_input, { attempt }) => {
            note("pass");
            return { attempt };
          }),
          { until: (last) => gte(last.attempt, 3), limit: 5, delay: 1 },
        ),
        large,
      );
      step(
        "fails",
        lambda({ passes }, () => {
          note("try");
          if (failures-- > 0) throw new Error("once");
          return 1;
        }),
        { ...large, retries: { limit: 1, delay: 2 } },
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const runId = await begin(memory, "again");
    for (let second = 0; second < 20; second += 1) {
      await drive(memory);
      memory.clock.moveTo(memory.clock.now() + 1000);
    }
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    expect(bodies).toEqual([
      ...["pass large", "pass large", "pass large"],
      ...["try large", "try large", "hook small"],
    ]);
  });

  it("whose hint arrives at the small worker costs a read and a message, and writes nothing", async () => {
    const memory = new MemoryEngine([chain(["A"], [])]);
    const runId = await begin(memory, "chain");
    const calls: string[] = [];
    const around =
      (port: string) =>
      async <R>(call: () => Promise<R>) => {
        calls.push(port);
        return call();
      };
    const { store, queue, largeQueue } = memory.engine;
    const engine = {
      ...memory.engine,
      store: wrapped(store, around("store")),
      queue: wrapped(queue, around("queue")),
      largeQueue: wrapped(largeQueue, around("largeQueue")),
    };
    const { changes } = memory.store;
    const [message] = memory.queue.receive();
    if (message === undefined) throw new Error("no message waits");
    await handleStepMessage(engine, message, noDeadline);
    expect(calls).toEqual(["store", "largeQueue"]);
    expect(memory.store.changes).toBe(changes);
    expect(memory.largeQueue.receive()).toEqual([{ runId, step: "a", index: 0, epoch: 1, attempt: 1 }]);
  });

  it("runs once if its hints arrive twice at both workers", async () => {
    const bodies: string[] = [];
    const memory = new MemoryEngine([chain(["A", "b"], bodies)]);
    const runId = await begin(memory, "chain");
    const hint: StepMessage = { runId, step: "a", index: 0, epoch: 1 };
    const twice = [hint, hint];
    await memory.queue.send(twice);
    await memory.largeQueue.send(twice);
    await drive(memory);
    await memory.queue.send(twice);
    await memory.largeQueue.send([...twice, { ...hint, step: "b" }]);
    await drive(memory);
    expect(bodies).toEqual(["A large", "b small"]);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("whose message was lost gets a new one from the sweep", async () => {
    const memory = new MemoryEngine([chain(["a", "B", "c"], [])]);
    const runId = await begin(memory, "chain");
    const [message] = memory.queue.receive();
    if (message === undefined) throw new Error("no message waits");
    await handleStepMessage(memory.engine, message, noDeadline);
    expect(memory.largeQueue.receive()).toHaveLength(1);
    await pass(memory, 600);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("that no worker could handle fails with the reason", async () => {
    const memory = new MemoryEngine([chain(["A"], [])]);
    const runId = await begin(memory, "chain");
    await letMessagesDie(memory, { runId, step: "a", index: 0, epoch: 1 });
    expect(await runOf(memory, runId)).toMatchObject({ state: "FAILED", error: { name: "DeadLetter" } });
  });
});

const double = defineJob("demo.double", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});

/** Both sizes side by side: a chain, maps of each, and a job. */
const mixed = definePipeline({ name: "mixed", params: none }, ({ step, map }) => {
  const list = step(
    "list",
    lambda({}, () => [1, 2]),
  );
  const heavy = step(
    "heavy",
    lambda({ list }, ({ list }) => list.length),
    large,
  );
  const one = step("one", batch(double, { n: heavy }));
  const light = map("light", list, (n) => lambda({ n }, ({ n }) => n));
  const dark = map("dark", list, (n) => lambda({ n }, ({ n }) => n * 10), large);
  const sum = step(
    "sum",
    lambda({ light, dark }, ({ light, dark }) => [...light, ...dark].reduce((all, n) => all + n, 0)),
    large,
  );
  step(
    "total",
    lambda({ one, sum }, ({ one, sum }) => one.n + sum),
  );
});

describe("a worker that dies", () => {
  async function started() {
    const memory = new MemoryEngine([mixed], {
      "demo.double": (input) => ({ n: (input as { n: number }).n * 2 }),
    });
    return { memory, runId: await begin(memory, "mixed") };
  }

  it.each(crashings)(
    "$when any one of its calls, whichever its size, loses nothing and does nothing twice ($redelivered, $slowJobs)",
    async (crashing) => {
      let points = 0;
      for (let at = 1; ; at += 1) {
        const { memory, runId, seen } = await runWithCrash(await started(), at, crashing);
        expect(await runOf(memory, runId)).toMatchObject({ state: "SUCCEEDED" });
        expect(await stepOf(memory, runId, "total")).toMatchObject({ output: { value: 37 } });
        expect(memory.batch.submitted()).toHaveLength(1);
        if (!seen.crashed) break;
        points += 1;
      }
      expect(points).toBeGreaterThan(70);
    },
    120_000,
  );
});
