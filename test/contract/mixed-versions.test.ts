import { GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { dynamoBackfillStore } from "../../shared/adapters/aws/dynamo-backfill-store.ts";
import {
  aliasKey,
  formAttributes,
  placeAttributes,
  runKey,
  slotsKey,
} from "../../shared/adapters/aws/dynamo-keys.ts";
import { dynamoModelRegistry } from "../../shared/adapters/aws/dynamo-model-registry.ts";
import { dynamoRunStore } from "../../shared/adapters/aws/dynamo-run-store.ts";
import { dynamoScheduleStore } from "../../shared/adapters/aws/dynamo-schedule-store.ts";
import type { DynamoTable } from "../../shared/adapters/aws/dynamo-table.ts";
import { MemoryBackfillStore } from "../../shared/adapters/memory/memory-backfill-store.ts";
import { MemoryModelRegistry } from "../../shared/adapters/memory/memory-model-registry.ts";
import { MemoryRunStore } from "../../shared/adapters/memory/memory-run-store.ts";
import { MemoryScheduleStore } from "../../shared/adapters/memory/memory-schedule-store.ts";
import type { Backfill } from "../../shared/state/backfill.ts";
import { aHeldStep, aRun, epochStart, timeAt } from "../factories.ts";
import { knownFields } from "./added-fields.ts";
import { aBackfill } from "./backfill-store.contract.ts";
import { dynamoTables } from "./dynamo-tables.ts";
import { mixedVersionsContract, type Stores } from "./mixed-versions.contract.ts";
import { moveOf, versionOf } from "./model-registry.contract.ts";

const inMemory = (): Stores => ({
  store: new MemoryRunStore(),
  backfills: new MemoryBackfillStore(),
  schedules: new MemoryScheduleStore(),
  models: new MemoryModelRegistry(),
});
const inDynamo = (table: DynamoTable): Stores => ({
  store: dynamoRunStore(table),
  backfills: dynamoBackfillStore(table),
  schedules: dynamoScheduleStore(table),
  models: dynamoModelRegistry(table),
});

describe("records of a newer version in memory", () => mixedVersionsContract(async () => inMemory()));

describe("records of a newer version in DynamoDB", () => {
  const newTable = dynamoTables();
  mixedVersionsContract(async () => inDynamo(await newTable()));

  const stored = async ({ client, name }: DynamoTable, Key: object) =>
    (await client.send(new GetCommand({ TableName: name, Key, ConsistentRead: true }))).Item;
  const setField = async ({ client, name }: DynamoTable, Key: object, field: string, value: unknown) => {
    const update = {
      UpdateExpression: "SET #field = :value",
      ExpressionAttributeNames: { "#field": field },
      ExpressionAttributeValues: { ":value": value },
    };
    await client.send(new UpdateCommand({ TableName: name, Key, ...update }));
  };

  test("slots keep the fields that newer code added while runs take and free them", async () => {
    const table = await newTable();
    const { store } = inDynamo(table);
    await setField(table, slotsKey("queue/gpu"), "burst", { most: 3 });
    const run = aRun({ state: "QUEUED", limits: [{ name: "queue/gpu", limit: 1 }] });
    await store.createRun(run, epochStart);
    await store.admitRun(run, timeAt(1), epochStart);
    await store.setLimit("queue/gpu", 2);
    const slots = { holders: new Set([run.runId]), limit: 2, burst: { most: 3 } };
    expect(await store.getSlots("queue/gpu")).toEqual(slots);
    await store.endRun(run, { to: "FAILED", endedAt: timeAt(2) });
    await store.setLimit("queue/gpu", undefined);
    expect(await store.getSlots("queue/gpu")).toEqual({ holders: new Set(), burst: { most: 3 } });
  });

  test("an alias keeps the fields that newer code added when it moves to another version", async () => {
    const table = await newTable();
    const { models } = inDynamo(table);
    await models.moveAlias(moveOf(1, 1));
    await setField(table, aliasKey("ctr", "champion"), "frozen", false);
    await models.moveAlias(moveOf(2, 2));
    expect(await models.listAliases("ctr")).toEqual([{ alias: "champion", version: 2, frozen: false }]);
    expect(await models.getAlias("ctr", "champion")).toBe(2);
  });

  test("a step's record with an unknown word inside is read as UNKNOWN, for newer code to continue", async () => {
    const table = await newTable();
    const { store } = inDynamo(table);
    const tried = { epoch: 1, attempt: 1, job: "j", state: "PREEMPTED", vcpus: 1, memory: 1, queue: "cpu" };
    const newer = { ...aHeldStep(), jobAttempts: [{ ...tried, tries: [] }] };
    await store.putStep(newer as unknown as ReturnType<typeof aHeldStep>, undefined);
    await expect(store.getStep(newer)).resolves.toMatchObject({
      state: "UNKNOWN",
      stored: { state: "RUNNING", holder: "worker" },
    });
  });

  test("a cause, a backfill or a move with an unknown word is refused as newer, and is kept", async () => {
    const table = await newTable();
    const { store, backfills, models } = inDynamo(table);
    const run = aRun();
    await store.createRun(run, epochStart);
    await setField(table, runKey(run.runId), "cause", { kind: "webhook", path: "/x" });
    await expect(store.getRun(run.runId)).rejects.toThrow('cause.kind "webhook"');
    const paused = { ...aBackfill, state: "PAUSED" } as unknown as Backfill;
    await backfills.put(paused);
    await expect(backfills.get(paused.id)).rejects.toThrow('state "PAUSED"');
    await expect(backfills.put(aBackfill)).rejects.toThrow('state "PAUSED"');
    expect(await backfills.list(10)).toEqual([paused]);
    await models.putVersion(versionOf("ctr", 1));
    await models.moveAlias({ ...moveOf(1, 1), kind: "expiry" } as unknown as ReturnType<typeof moveOf>);
    await expect(models.listMoves("ctr", "champion")).rejects.toThrow('kind "expiry"');
  });

  test("a record without the fields that every version has is refused, not taken for a newer one", async () => {
    const table = await newTable();
    const { store } = inDynamo(table);
    const held = aHeldStep();
    await store.putStep(held, undefined);
    const key = { pk: `RUN#${held.runId}`, sk: "STEP#train_model#00000" };
    const item = await stored(table, key);
    const { attempt: _attempt, ...without } = item ?? {};
    const wrong = new PutCommand({ TableName: table.name, Item: { ...without, state: "PARKED" } });
    await table.client.send(wrong);
    await expect(store.getStep(held)).rejects.toThrow(/attempt/);
    await table.client.send(new PutCommand({ TableName: table.name, Item: { ...item, leaseUntil: "soon" } }));
    await expect(store.getStep(held)).rejects.toThrow(/leaseUntil/);
  });
});

test("no record has a field with the name of an attribute that the table uses for something else", () => {
  const fields = Object.entries(knownFields).flatMap(([kind, names]) =>
    [...placeAttributes, ...formAttributes]
      .filter((name) => names.includes(name))
      .map((name) => `${kind}.${name}`),
  );
  // Two fields are allowed: the object that a step waits for, and a backfill's due time, which its index sorts by.
  expect([...new Set(fields)]).toEqual(["step.uri", "backfill.dueAt"]);
});
