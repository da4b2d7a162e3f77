import { dynamoObjectWaiters } from "../../shared/adapters/aws/dynamo-object-waiters.ts";
import { MemoryObjectWaiters } from "../../shared/adapters/memory/memory-object-waiters.ts";
import { dynamoTables } from "./dynamo-tables.ts";
import { objectWaitersContract } from "./object-waiters.contract.ts";

describe("waiters for objects in memory", () => {
  objectWaitersContract(async () => new MemoryObjectWaiters());
});

describe("waiters for objects in DynamoDB", () => {
  const newTable = dynamoTables();
  objectWaitersContract(async () => dynamoObjectWaiters(await newTable()));
});
