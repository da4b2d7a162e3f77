import {
  DynamoDBClient,
  PutItemCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { DynamoBilling } from "../../bench/dynamo-billing.ts";
import type { Item } from "../../bench/item-size.ts";
import { type Ministack, startTestMinistack } from "../ministack.ts";
import { createRunTable } from "../run-table.ts";

// The counts of write units rely on this calculation, so it must notice whatever would make a step more expensive.

let ministack: Ministack;
let client: DynamoDBClient;
let billing: DynamoBilling;
beforeAll(async () => {
  ministack = await startTestMinistack();
  client = new DynamoDBClient(ministack.client);
  await createRunTable(client, "runs");
  billing = await DynamoBilling.of(client, "runs");
});
afterAll(async () => {
  client?.destroy();
  await ministack.stop();
});

const key: Item = { pk: { S: "RUN#1" }, sk: { S: "RUN" } };
const due = (at: string): Item => ({ ...key, duePartition: { S: "DUE#0" }, dueAt: { S: at } });
const large: Item = { ...key, value: { S: "x".repeat(3000) } };

async function unitsOf(item: Item): Promise<number> {
  const { units } = await billing.charge("PutItemCommand", { Item: item }, async () => {
    await client.send(new PutItemCommand({ TableName: "runs", Item: item }));
    return { output: {} };
  });
  return units.writeUnits;
}

async function unitsOfTransaction(...writes: TransactWriteItem[]): Promise<number> {
  const input = { TransactItems: writes };
  const { units } = await billing.charge("TransactWriteItemsCommand", input as never, async () => {
    await client.send(new TransactWriteItemsCommand(input));
    return { output: {} };
  });
  return units.writeUnits;
}

test("a transaction costs two units for each item, and its indexes once", async () => {
  const other: Item = { pk: { S: "RUN#2" }, sk: { S: "RUN" } };
  const table = { TableName: "runs" };
  await unitsOf(key);
  expect(
    await unitsOfTransaction(
      { Put: { ...table, Item: due("1") } },
      { Put: { ...table, Item: { ...large, ...other } } },
    ),
  ).toBe(2 + 1 + 2 * 3);
  expect(await unitsOfTransaction({ Delete: { ...table, Key: other } })).toBe(2 * 3);
});

test("a refused transaction costs what its items do", async () => {
  await unitsOf(large);
  const check = { TableName: "runs", Key: key, ConditionExpression: "attribute_not_exists(pk)" };
  expect(await unitsOfTransaction({ ConditionCheck: check })).toBe(2 * 3);
});

test.each<[what: string, before: Item, after: Item, units: number]>([
  ["a small item", key, key, 1],
  ["an item that grows to 3 KB", key, large, 3],
  ["an item that was 3 KB", large, key, 3],
  ["an item that enters an index", key, due("1"), 2],
  ["an item whose place in an index changes", due("1"), due("2"), 3],
  ["an indexed item whose change is outside of the index", due("1"), { ...due("1"), epoch: { N: "2" } }, 1],
  ["an item that leaves an index", due("1"), key, 2],
])(
  "a write costs a unit for each KB and each changed index entry: %s",
  async (_what, before, after, units) => {
    await unitsOf(before);
    expect(await unitsOf(after)).toBe(units);
  },
);
