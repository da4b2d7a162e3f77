import { dynamoBackfillStore } from "../../shared/adapters/aws/dynamo-backfill-store.ts";
import { dynamoModelRegistry } from "../../shared/adapters/aws/dynamo-model-registry.ts";
import { dynamoRunStore } from "../../shared/adapters/aws/dynamo-run-store.ts";
import { dynamoScheduleStore } from "../../shared/adapters/aws/dynamo-schedule-store.ts";
import { MemoryBackfillStore } from "../../shared/adapters/memory/memory-backfill-store.ts";
import { MemoryModelRegistry } from "../../shared/adapters/memory/memory-model-registry.ts";
import { MemoryRunStore } from "../../shared/adapters/memory/memory-run-store.ts";
import { MemoryScheduleStore } from "../../shared/adapters/memory/memory-schedule-store.ts";
import { addedFieldContract } from "./added-field.contract.ts";
import { dynamoTables } from "./dynamo-tables.ts";

describe("a field added to a record, in memory", () => {
  addedFieldContract(async () => ({
    store: new MemoryRunStore(),
    backfills: new MemoryBackfillStore(),
    schedules: new MemoryScheduleStore(),
    models: new MemoryModelRegistry(),
  }));
});

describe("a field added to a record, in DynamoDB", () => {
  const newTable = dynamoTables();
  addedFieldContract(async () => {
    const table = await newTable();
    return {
      store: dynamoRunStore(table),
      backfills: dynamoBackfillStore(table),
      schedules: dynamoScheduleStore(table),
      models: dynamoModelRegistry(table),
    };
  });
});
