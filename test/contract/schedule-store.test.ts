import { dynamoScheduleStore } from "../../shared/adapters/aws/dynamo-schedule-store.ts";
import { MemoryScheduleStore } from "../../shared/adapters/memory/memory-schedule-store.ts";
import { dynamoTables } from "./dynamo-tables.ts";
import { scheduleStoreContract } from "./schedule-store.contract.ts";

describe("schedules in memory", () => {
  scheduleStoreContract(async () => new MemoryScheduleStore());
});

describe("schedules in DynamoDB", () => {
  const newTable = dynamoTables();
  scheduleStoreContract(async () => dynamoScheduleStore(await newTable()));
});
