import { dynamoBackfillStore } from "../../shared/backfill/dynamo-backfill-store.ts";
import { MemoryBackfillStore } from "../../shared/backfill/memory-backfill-store.ts";
import { backfillStoreContract } from "./backfill-store.contract.ts";
import { dynamoTables } from "./dynamo-tables.ts";

describe("backfills in memory", () => {
  backfillStoreContract(async () => new MemoryBackfillStore());
});

describe("backfills in DynamoDB", () => {
  const newTable = dynamoTables();
  backfillStoreContract(async () => dynamoBackfillStore(await newTable()));
});
