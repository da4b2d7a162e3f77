import { type AttributeValue, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { dayOf } from "../../shared/adapters/aws/dynamo-keys.ts";
import { dynamoRunStore } from "../../shared/adapters/aws/dynamo-run-store.ts";
import type { DynamoTable } from "../../shared/adapters/aws/dynamo-table.ts";
import type { RunFilter, RunStore } from "../../shared/ports/run-store.ts";
import { succeeded } from "../../shared/state/step-changes.ts";
import { aHeldStep, aRun, epochStart, timeAt } from "../factories.ts";
import { dynamoTables } from "./dynamo-tables.ts";

const kilobyte = 1024;

/** Bytes of a number: one for every two digits, plus one (DynamoDB Developer Guide, "Item sizes and formats"). */
const numberBytes = (text: string) =>
  Math.ceil(text.replace(/[-.]/g, "").length / 2) + 1 + (text.startsWith("-") ? 1 : 0);
const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

/** Bytes of a value as DynamoDB bills them. */
function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.NS !== undefined) return sum(value.NS.map(numberBytes));
  if (value.L !== undefined) return 3 + sum(value.L.map((part) => 1 + valueBytes(part)));
  if (value.M !== undefined) return 3 + itemBytes(value.M) + Object.keys(value.M).length;
  return 1;
}
const itemBytes = (item: Record<string, AttributeValue>) =>
  sum(Object.entries(item).map(([name, value]) => Buffer.byteLength(name) + valueBytes(value)));

/** Records the calls to DynamoDB from now on: their names, and the attributes that an update names. */
function recordCalls(client: DynamoDBDocumentClient) {
  const calls: { command: string; written: string[] }[] = [];
  client.middlewareStack.add(
    (next, context) => (args) => {
      const { UpdateExpression: update = "", ExpressionAttributeNames: names = {} } = args.input as {
        UpdateExpression?: string;
        ExpressionAttributeNames?: Record<string, string>;
      };
      const words = update.match(/(?<![:\w#])#?[a-z]\w*/gi) ?? [];
      calls.push({
        command: context.commandName ?? "",
        written: words
          .map((word) => names[word] ?? word)
          .filter((word) => !/^(SET|ADD|REMOVE|if_not_exists)$/.test(word)),
      });
      return next(args);
    },
    { step: "initialize", name: "recordCalls" },
  );
  return calls;
}

/** A job of a day on a large machine: a price with many digits. */
const price = { nanodollars: 123_456_789_012, atLeast: true };

const aLimit = (name: string) => ({ name, limit: 3 });

describe("the cost of a run in DynamoDB", () => {
  const newTable = dynamoTables();
  let table: DynamoTable;
  let store: RunStore;
  beforeEach(async () => {
    table = await newTable();
    store = dynamoRunStore(table);
  });

  const sizes = async () => {
    const { Items: items = [] } = await table.client.send(new ScanCommand({ TableName: table.name }));
    return Object.fromEntries(items.map((item) => [item.sk?.S, itemBytes(item)]));
  };

  test("the items of the hot path are below 1 KB: one write unit for each write", async () => {
    const run = aRun();
    await store.createRun(run, epochStart);
    for (let step = 0; step < 40; step += 1)
      await store.joinRun(run.runId, 1, step, "done", undefined, price);
    const held = aHeldStep({ runId: run.runId });
    const claim = await store.putStep(held, undefined);
    const output = { value: { model: "s3://data/runs/ridge-sweep/1/train_model/0/1.1/model.npz", r2: 0.93 } };
    await store.putStep(succeeded(held, output, epochStart), claim.ok ? claim.record.version : undefined);
    await store.putStep(aHeldStep({ runId: run.runId, index: 1 }), undefined);
    const shard = { runId: run.runId, step: "train_model", shard: 49 };
    await store.openTally(shard, 1, 200);
    for (let member = 0; member < 200; member += 1)
      await store.joinTally(shard, 1, 9_800 + member, "done", price);
    const found = await sizes();
    expect(Object.keys(found)).toHaveLength(5);
    expect(Object.entries(found).filter(([, bytes]) => Number(bytes) >= kilobyte)).toEqual([]);
  });

  test("claim, commit and join are one write each, and the join touches no index", async () => {
    const { runId } = aRun();
    await store.createRun(aRun({ runId }), epochStart);
    const calls = recordCalls(table.client);
    const held = aHeldStep({ runId });
    const claim = await store.putStep(held, undefined);
    await store.putStep(
      succeeded(held, { value: 1 }, epochStart),
      claim.ok ? claim.record.version : undefined,
    );
    await store.joinRun(runId, 1, 0, "done", undefined, { nanodollars: 1, atLeast: false });
    await store.joinRun(runId, 1, 1, "failed", { step: "fit", name: "E", message: "" });
    expect(calls).toEqual([
      { command: "PutItemCommand", written: [] },
      { command: "PutItemCommand", written: [] },
      { command: "UpdateItemCommand", written: ["done", "spent", "priced"] },
      { command: "UpdateItemCommand", written: ["failed", "error", "error"] },
    ]);
  });

  test("a run that needs no slots is ended with its figures by one transaction, and closed by a single write", async () => {
    const run = aRun();
    await store.createRun(run, epochStart);
    const calls = recordCalls(table.client);
    await store.endRun(run, { to: "SUCCEEDED", endedAt: timeAt(1) }, epochStart);
    await store.closeRun(run.runId, 1);
    expect(calls.map(({ command }) => command)).toEqual(["TransactWriteItemsCommand", "UpdateItemCommand"]);
  });

  test("a page of runs is one query for each partition that its filter names, however many runs are dropped", async () => {
    for (let second = 0; second < 30; second += 1) {
      const run = aRun({ startedAt: timeAt(second), tags: second % 2 === 0 ? ["even"] : [] });
      await store.createRun(run, epochStart);
      if (second % 10 === 0) await store.endRun(run, { to: "FAILED", endedAt: timeAt(99) });
    }
    const calls = recordCalls(table.client);
    const commands = async (filter: RunFilter) => {
      calls.length = 0;
      const { runs } = await store.listRuns(filter, 2);
      expect(runs).toHaveLength(2);
      return calls.map(({ command }) => command.replace("Command", ""));
    };
    const pipeline = "ridge-sweep";
    expect(await commands({})).toEqual(["Query", "Query", "BatchGetItem"]);
    expect(await commands({ pipeline })).toEqual(["Query"]);
    expect(await commands({ pipeline, since: timeAt(3) })).toEqual(["Query"]);
    expect(await commands({ tag: "even" })).toEqual(["Query", "BatchGetItem"]);
    expect(await commands({ tag: "even", pipeline })).toEqual(["Query", "BatchGetItem"]);
    for (const filter of [{}, { pipeline }, { tag: "even" }]) {
      expect(await commands({ ...filter, state: "FAILED" })).toEqual(Array(4).fill("Query"));
    }
  });

  test("pages hold every run once and in order, even if queries read far less than they drop", async () => {
    const failed: string[] = [];
    for (let second = 0; second < 40; second += 1) {
      const pipeline = second % 5 === 0 ? "rare" : "frequent";
      const run = aRun({ pipeline, startedAt: timeAt(second), name: `at ${second}` });
      await store.createRun(run, epochStart);
      await store.endRun(run, { to: "FAILED", endedAt: timeAt(99) });
      if (pipeline === "rare") failed.unshift(run.name);
    }
    table.client.middlewareStack.add(
      (next) => (args) => next({ ...args, input: { ...args.input, Limit: 3 } as typeof args.input }),
      { step: "initialize", name: "readLess" },
    );
    const seen: string[] = [];
    let from: string | undefined;
    do {
      const page = await store.listRuns({ pipeline: "rare", state: "FAILED" }, 2, from);
      seen.push(...page.runs.map(({ name }) => name));
      from = page.next;
    } while (from !== undefined);
    expect(seen).toEqual(failed);
  });

  test("the first run of a day records the day, once for each worker", async () => {
    const calls = recordCalls(table.client);
    await store.createRun(aRun({ startedAt: timeAt(1) }), epochStart);
    await store.createRun(aRun({ startedAt: timeAt(2) }), epochStart);
    await store.createRun(aRun({ startedAt: timeAt(86_400) }), epochStart);
    expect(calls.map(({ command }) => command)).toEqual(Array(5).fill("PutItemCommand"));
  });

  test("a run without tags costs as much as before tags existed", async () => {
    await store.createRun(aRun(), epochStart);
    const calls = recordCalls(table.client);
    await store.createRun(aRun(), epochStart);
    await store.createRun(aRun({ tags: ["a", "b"] }), epochStart);
    expect(calls.map(({ command }) => command)).toEqual(["PutItemCommand", "TransactWriteItemsCommand"]);
  });

  test("a run that needs slots joins its queue, is admitted and ended by one transaction each", async () => {
    const run = aRun({ state: "QUEUED", limits: [aLimit("queue/gpu"), aLimit("pipeline/ridge-sweep")] });
    await store.createRun(aRun(), epochStart);
    const calls = recordCalls(table.client);
    await store.createRun(run, epochStart);
    await store.admitRun(run, timeAt(1), epochStart);
    await store.endRun(run, { to: "FAILED", endedAt: timeAt(2) });
    await store.reopenRun(run, timeAt(3), epochStart);
    const writes = calls.map(({ command }) => command).filter((command) => command !== "GetItemCommand");
    expect(writes).toEqual(Array(4).fill("TransactWriteItemsCommand"));
  });

  test("a run behind a limit causes as few reads with 200 waiting runs as with two", async () => {
    const limits = [aLimit("queue/gpu"), aLimit("pipeline/ridge-sweep")];
    const calls = recordCalls(table.client);
    const requests = async (work: () => Promise<unknown>) => {
      calls.length = 0;
      await work();
      return calls.map(({ command }) => command);
    };
    const join = async (second: number) => {
      const run = aRun({ state: "QUEUED", limits, startedAt: timeAt(second) });
      await store.createRun(run, epochStart);
    };
    await join(0);
    await join(1);
    const look = async () => {
      const [head] = await store.firstInLanes("ridge-sweep");
      if (head !== undefined) await store.nextInLane(head);
    };
    let places = 0;
    table.client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        places += (result.output as { Items?: unknown[] }).Items?.length ?? 0;
        return result;
      },
      { step: "initialize", name: "countPlaces" },
    );
    const few = await requests(look);
    expect(places).toBe(2);
    // One for each lane, one that finds no more, and one for the next place.
    expect(few).toEqual(Array(3).fill("QueryCommand"));
    for (let second = 2; second < 200; second += 1) await join(second);
    places = 0;
    expect(await requests(look)).toEqual(few);
    expect(places).toBe(2);
  }, 30_000);

  test("a run with every optional field still fits into a write unit", async () => {
    const run = aRun({
      state: "QUEUED",
      queue: "gpu-large",
      priority: 1,
      limits: [
        aLimit("queue/gpu-large"),
        aLimit("pipeline/ridge-sweep"),
        aLimit("parameters/ridge-sweep/eu"),
      ],
      onCollision: "cancel_new",
      refresh: true,
      cause: {
        kind: "step",
        runId: "20211004T162100Z-parent000000",
        step: "per_region",
        index: 12,
        epoch: 1,
      },
    });
    await store.createRun(run, epochStart);
    await store.admitRun(run, timeAt(1), epochStart);
    const cancel = { to: "CANCELLING", endsAs: "TIMED_OUT", reason: "took longer than 3600 s" } as const;
    await store.moveRun(run.runId, 1, cancel, epochStart);
    for (let step = 0; step < 40; step += 1)
      await store.joinRun(run.runId, 1, step, "done", undefined, price);
    const found = await sizes();
    expect(Object.keys(found).sort()).toEqual([dayOf(run.startedAt), "RUN", "SLOTS"]);
    expect(Object.values(found).filter((bytes) => Number(bytes) >= kilobyte)).toEqual([]);
  });

  test("a process reads a graph once, and writes it only if it isn't stored yet", async () => {
    const graph = { version: 1 as const, pipeline: "p", steps: [] };
    const calls = recordCalls(table.client);
    await store.putGraph("hash", graph);
    await store.putGraph("hash", graph);
    await store.getGraph("hash");
    expect(calls.map((call) => call.command)).toEqual(["GetItemCommand", "PutItemCommand"]);
    const another = dynamoRunStore(table);
    await another.putGraph("hash", graph);
    await another.getGraph("hash");
    expect(calls.map((call) => call.command).slice(2)).toEqual(["GetItemCommand"]);
  });

  /** Makes DynamoDB read one key a call and skip the others, at most `times` times. */
  const leaveKeys = (times: number) => {
    let left = times;
    table.client.middlewareStack.add(
      (next) => async (args) => {
        const { RequestItems: request } = args.input as {
          RequestItems?: Record<string, { Keys: unknown[] }>;
        };
        const asked = request?.[table.name];
        if (asked === undefined || left === 0 || asked.Keys.length < 2) return next(args);
        left -= 1;
        const [first, ...others] = asked.Keys;
        const only = { RequestItems: { [table.name]: { ...asked, Keys: [first] } } };
        const result = await next({ ...args, input: { ...args.input, ...only } });
        Object.assign(result.output, { UnprocessedKeys: { [table.name]: { ...asked, Keys: others } } });
        return result;
      },
      { step: "initialize", name: "leaveKeys" },
    );
  };

  test("keys that DynamoDB left unread are requested again", async () => {
    const steps = [0, 1, 2, 3].map((index) => aHeldStep({ index }));
    for (const step of steps) await store.putStep(step, undefined);
    leaveKeys(2);
    expect(await store.getSteps(steps)).toMatchObject(steps);
  });

  test("keys that DynamoDB leaves unread again and again are a retryable error", async () => {
    const steps = Array.from({ length: 20 }, (_, index) => aHeldStep({ index }));
    leaveKeys(Number.POSITIVE_INFINITY);
    await expect(store.getSteps(steps)).rejects.toMatchObject({
      name: "UnprocessedKeysError",
      throttled: true,
    });
  });

  test("an item of another form is refused, not returned", async () => {
    const run = aRun();
    await store.createRun(run, epochStart);
    table.client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { Item: item } = result.output as { Item?: Record<string, AttributeValue> };
        if (item) item.epoch = { S: "one" };
        return result;
      },
      { step: "initialize", name: "spoilItem" },
    );
    await expect(store.getRun(run.runId)).rejects.toThrow(/epoch/);
  });
});
