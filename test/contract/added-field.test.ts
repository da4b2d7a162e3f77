import { dynamoBackfillStore } from "../../shared/backfill/dynamo-backfill-store.ts";
import { MemoryBackfillStore } from "../../shared/backfill/memory-backfill-store.ts";
import { dynamoModelRegistry } from "../../shared/models/dynamo-model-registry.ts";
import { MemoryModelRegistry } from "../../shared/models/memory-model-registry.ts";
import { dynamoScheduleStore } from "../../shared/schedule/dynamo-schedule-store.ts";
import { MemoryScheduleStore } from "../../shared/schedule/memory-schedule-store.ts";
import { dynamoRunStore } from "../../shared/store/dynamo-run-store.ts";
import { MemoryRunStore } from "../../shared/store/memory-run-store.ts";
import { addedFieldContract } from "./added-field.contract.ts";
import { dynamoTables } from "./dynamo-tables.ts";

describe("a field that is added to a record, in memory", () => {
  addedFieldContract(async () => ({
    store: new MemoryRunStore(),
    backfills: new MemoryBackfillStore(),
    schedules: new MemoryScheduleStore(),
    models: new MemoryModelRegistry(),
  }));
});

describe("a field that is added to a record, in DynamoDB", () => {
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
