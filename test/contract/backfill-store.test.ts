import { dynamoBackfillStore } from "../../shared/adapters/aws/dynamo-backfill-store.ts";
import { MemoryBackfillStore } from "../../shared/adapters/memory/memory-backfill-store.ts";
import { backfillStoreContract } from "./backfill-store.contract.ts";
import { dynamoTables } from "./dynamo-tables.ts";

describe("backfills in memory", () => {
  backfillStoreContract(async () => new MemoryBackfillStore());
});

describe("backfills in DynamoDB", () => {
  const newTable = dynamoTables();
  backfillStoreContract(async () => dynamoBackfillStore(await newTable()));
});
