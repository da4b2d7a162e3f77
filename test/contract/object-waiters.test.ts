import { dynamoObjectWaiters } from "../../shared/adapters/aws/dynamo-object-waiters.ts";
import { MemoryObjectWaiters } from "../../shared/adapters/memory/memory-object-waiters.ts";
import { dynamoTables } from "./dynamo-tables.ts";
import { objectWaitersContract } from "./object-waiters.contract.ts";

describe("notes of waiting steps in memory", () => {
  objectWaitersContract(async () => new MemoryObjectWaiters());
});

describe("notes of waiting steps in DynamoDB", () => {
  const newTable = dynamoTables();
  objectWaitersContract(async () => dynamoObjectWaiters(await newTable()));
});
