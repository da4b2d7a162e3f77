import { dynamoPublications } from "../../shared/adapters/aws/dynamo-publications.ts";
import { MemoryPublications } from "../../shared/adapters/memory/memory-publications.ts";
import { dynamoTables } from "./dynamo-tables.ts";
import { publicationsContract } from "./publications.contract.ts";

describe("publications in memory", () => {
  publicationsContract(async () => new MemoryPublications());
});

describe("publications in DynamoDB", () => {
  const newTable = dynamoTables();
  publicationsContract(async () => dynamoPublications(await newTable()));
});
