import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { dynamoResultCache } from "../../shared/adapters/aws/dynamo-result-cache.ts";
import { MemoryResultCache } from "../../shared/adapters/memory/memory-result-cache.ts";
import { dynamoTables } from "./dynamo-tables.ts";
import { resultCacheContract } from "./result-cache.contract.ts";

describe("results in memory", () => {
  resultCacheContract(async () => new MemoryResultCache());
});

describe("results in DynamoDB", () => {
  const newTable = dynamoTables();
  resultCacheContract(async () => dynamoResultCache(await newTable()));

  test("a result's expiry time in DynamoDB is in whole seconds, and never early", async () => {
    const table = await newTable();
    const source = { runId: "r", step: "s", index: 0 };
    await dynamoResultCache(table).put("a", { output: { value: 1 }, source, expiresAt: 4_102_444_800_001 });
    await dynamoResultCache(table).put("b", { output: { value: 1 }, source });
    const expiry = async (key: string) => {
      const read = new GetCommand({ TableName: table.name, Key: { pk: `CACHE#${key}`, sk: "RESULT" } });
      return (await table.client.send(read)).Item?.expiresAt;
    };
    expect([await expiry("a"), await expiry("b")]).toEqual([4_102_444_801, undefined]);
  });
});
