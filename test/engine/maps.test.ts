import * as z from "zod";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { definePipeline, lambda } from "../../shared/pipeline/index.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import type { StepMessage } from "../../shared/ports/step-queue.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { testPipeline } from "../../shared/testing/test-pipeline.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { begin, runOf, startManually, stepOf } from "./driving.ts";

const none = z.strictObject({});
const numbers = z.strictObject({ list: z.array(z.number()) });

describe("a map", () => {
  const doubling = definePipeline({ name: "doubling", params: numbers }, ({ params, step, map }) => {
    const doubled = map("double", params.list, (n) => lambda({ n }, ({ n }) => n * 2));
    const again = map("again", doubled, (n) => lambda({ n }, ({ n }) => n * 2));
    step(
      "total",
      lambda({ again }, ({ again }) => again.reduce((sum, n) => sum + n, 0)),
    );
  });

  it("keeps the order of its list", async () => {
    const { outputs } = await testPipeline(doubling, { params: { list: [3, 1, 2] } });
    expect(outputs).toEqual({ double: [6, 2, 4], again: [12, 4, 8], total: 24 });
  });

  // Found by the simulation, seed 158628: late copies multiplied from map to map.
  it("whose messages repeat after the next map has begun doesn't hint that map again", async () => {
    const memory = new MemoryEngine([doubling]);
    const { runId } = await startManually(memory.engine, {
      pipeline: "doubling",
      params: { list: [1, 2, 3] },
    });
    const late: StepMessage[] = [];
    const sent: StepMessage[] = [];
    const send = memory.queue.send.bind(memory.queue);
    memory.queue.send = async (messages, delay) => {
      sent.push(...messages);
      await send(messages, delay);
    };
    while (!sent.some(({ step, index }) => step === "again" && index !== "map")) {
      for (const message of memory.queue.receive(1)) {
        if (message.step === "double") late.push(message);
        await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
      }
    }
    const before = sent.length;
    for (const message of late) await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
    expect(late).toHaveLength(4);
    expect(sent.slice(before)).toEqual([]);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
  });

  it("over an empty list returns an empty list", async () => {
    const result = await testPipeline(doubling, { params: { list: [] } });
    expect(result.state).toBe("SUCCEEDED");
    expect(result.outputs).toEqual({ double: [], again: [], total: 0 });
  });

  it("of more children than a shard holds runs each once", async () => {
    const calls = new Map<number, number>();
    const pipeline = definePipeline({ name: "wide", params: numbers }, ({ params, step, map }) => {
      const out = map("each", params.list, (n) =>
        lambda({ n }, ({ n }) => {
          calls.set(n, (calls.get(n) ?? 0) + 1);
          return n;
        }),
      );
      step(
        "count",
        lambda({ out }, ({ out }) => out.length),
      );
    });
    const list = Array.from({ length: 450 }, (_, place) => place);
    const result = await testPipeline(pipeline, { params: { list } });
    expect(result.outputs).toMatchObject({ each: list, count: 450 });
    expect([...calls.values()].every((count) => count === 1)).toBe(true);
    expect(calls.size).toBe(450);
  });

  it("with a child that fails runs the others, then fails and names the child", async () => {
    const pipeline = definePipeline(
      { name: "one_bad".replace("_", "-"), params: numbers },
      ({ params, step, map }) => {
        const out = map("each", params.list, (n) =>
          lambda({ n }, ({ n }) => {
            if (n === 2) throw new Error("two is bad");
            return n;
          }),
        );
        step(
          "never",
          lambda({ out }, () => 1),
        );
      },
    );
    const result = await testPipeline(pipeline, { params: { list: [1, 2, 3] } });
    expect(result.state).toBe("FAILED");
    expect(result.error).toEqual({ step: "each[1]", name: "Error", message: "two is bad" });
    expect(result.states).toEqual({
      "each[0]": "SUCCEEDED",
      "each[1]": "FAILED",
      "each[2]": "SUCCEEDED",
      each: "FAILED",
    });
  });

  it("over a value that isn't a list fails with that value", async () => {
    const pipeline = definePipeline({ name: "no-list", params: none }, ({ step, map }) => {
      const made = step(
        "make",
        lambda({}, () => ({ list: "text" }) as unknown as { list: number[] }),
      );
      map("each", made.list, (n) => lambda({ n }, ({ n }) => n));
    });
    expect((await testPipeline(pipeline)).error?.message).toBe(
      'step "each" maps over "text", which is not a list',
    );
  });

  it("over another map's large results is expanded without reading them; each child reads its own", async () => {
    const pipeline = definePipeline({ name: "large-items", params: numbers }, ({ params, map }) => {
      const texts = map("make", params.list, (n) => lambda({ n }, ({ n }) => String(n).repeat(5000)));
      map("measure", texts, (text) => lambda({ text }, ({ text }) => text.length));
    });
    const memory = new MemoryEngine([pipeline]);
    const runId = await begin(memory, "large-items", { params: { list: [1, 2, 3] } });
    const reads: string[] = [];
    const get = memory.objects.get.bind(memory.objects);
    let now = "";
    memory.objects.get = (uri) => {
      reads.push(`${now} ${uri.match(/make\/\d/)?.[0]}`);
      return get(uri);
    };
    for (let messages = memory.queue.receive(1); messages.length > 0; messages = memory.queue.receive(1)) {
      for (const message of messages) {
        now = `${message.step}[${message.index}]`;
        await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
      }
    }
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    expect(reads).toEqual(["measure[0] make/0", "measure[1] make/1", "measure[2] make/2"]);
  });

  it("with one child too many fails with a remedy", async () => {
    const pipeline = definePipeline({ name: "too-many", params: none }, ({ step, map }) => {
      const list = step(
        "list",
        lambda({}, () => Array.from({ length: 10_001 }, (_, place) => place)),
      );
      map("each", list, (n) => lambda({ n }, ({ n }) => n));
    });
    const { error, states } = await testPipeline(pipeline);
    expect(error).toMatchObject({
      step: "each",
      code: "MAP_TOO_LARGE",
      message: "maps over 10001 items; a map takes up to 10000",
      remedy: "Split the list over several steps.",
    });
    expect(states).toEqual({ list: "SUCCEEDED", each: "FAILED" });
  });

  // As JSON, so the quotes count. A letter with an accent takes two bytes.
  it.each([
    ["x", 4094, "value"],
    ["x", 4095, "uri"],
    ["é", 2047, "value"],
    ["é", 2048, "uri"],
  ])("result made of the letter %s, %i times, is stored as its %s", async (letter, count, kept) => {
    const pipeline = definePipeline({ name: "sized", params: none }, ({ step }) => {
      step(
        "make",
        lambda({}, () => letter.repeat(count)),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const runId = await begin(memory, "sized");
    await memory.finish(runId);
    const [record] = await memory.store.listSteps(runId);
    expect(Object.keys(record !== undefined && "output" in record ? record.output : {})).toEqual([kept]);
  });

  it("results over 4 KB are stored in the object store without any code of the author", async () => {
    const pipeline = definePipeline({ name: "large", params: none }, ({ step }) => {
      const text = step(
        "make",
        lambda({}, () => "x".repeat(5000)),
      );
      step(
        "measure",
        lambda({ text }, ({ text }) => text.length),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const { runId } = await startManually(memory.engine, {
      pipeline: "large",
    });
    await memory.finish(runId);
    const records = await memory.store.listSteps(runId);
    expect(records.map((record) => "output" in record && record.output)).toEqual([
      { uri: `s3://data/runs/large/${runId}/make/0/1.1/_output.json` },
      { value: 5000 },
    ]);
  });
});

describe("the end of a map's last child", () => {
  it("says nothing of the map of a later epoch, however late its worker is", async () => {
    const pipeline = definePipeline({ name: "late-end", params: z.strictObject({}) }, ({ map }) => {
      const fails = () => {
        throw new Error("not today");
      };
      map("each", [1], (n) => lambda({ n }, fails), { retries: 0 });
    });
    const memory = new MemoryEngine([pipeline]);
    const { runId } = await startManually(memory.engine, { pipeline: "late-end" });
    await memory.handleMessages();
    const [message] = memory.queue.receive();
    if (message === undefined) throw new Error("no message waits");
    let isLate = false;
    const getStep: Engine["store"]["getStep"] = async (key) => {
      if (key.index === "map" && !isLate) {
        isLate = true;
        await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
        await retryRun(memory.engine, runId);
        await memory.handleMessages();
      }
      return memory.store.getStep(key);
    };
    const late = { ...memory.engine, store: Object.assign(Object.create(memory.engine.store), { getStep }) };
    await handleStepMessage(late, message, Number.POSITIVE_INFINITY);
    expect(isLate).toBe(true);
    expect(await stepOf(memory, runId, "each", "map")).toMatchObject({ state: "RUNNING", epoch: 2 });
  });
});
