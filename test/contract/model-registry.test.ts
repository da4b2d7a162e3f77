import {
  dynamoModelRegistry,
  ModelRecordTooLargeError,
} from "../../shared/adapters/aws/dynamo-model-registry.ts";
import { MemoryModelRegistry } from "../../shared/adapters/memory/memory-model-registry.ts";
import { dynamoTables } from "./dynamo-tables.ts";
import { loseFirstResponses } from "./lost-responses.ts";
import { modelRegistryContract, versionOf } from "./model-registry.contract.ts";

describe("models in memory", () => {
  modelRegistryContract(async () => new MemoryModelRegistry());
});

describe("models in DynamoDB", () => {
  const newTable = dynamoTables();
  modelRegistryContract(async () => dynamoModelRegistry(await newTable()));

  test("a version that no item can hold is refused with a remedy, and its name isn't listed", async () => {
    const models = dynamoModelRegistry(await newTable());
    const signature = "x".repeat(400_000);
    await expect(models.putVersion(versionOf("ctr", 1, { signature }))).rejects.toThrow(
      ModelRecordTooLargeError,
    );
    expect(await models.listNames()).toEqual([]);
  });
});

describe("models in DynamoDB, where the first response to every call is lost", () => {
  const newTable = dynamoTables();
  modelRegistryContract(async () => {
    const table = await newTable();
    loseFirstResponses(table.client);
    return dynamoModelRegistry(table);
  });
});
