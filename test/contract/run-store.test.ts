import { dynamoRunStore } from "../../shared/adapters/aws/dynamo-run-store.ts";
import { MemoryRunStore } from "../../shared/adapters/memory/memory-run-store.ts";
import type { RunStore } from "../../shared/ports/run-store.ts";
import { admissionContract } from "./admission.contract.ts";
import { dynamoTables } from "./dynamo-tables.ts";
import { figuresContract } from "./figures.contract.ts";
import { loseFirstResponses } from "./lost-responses.ts";
import { runListingContract } from "./run-listing.contract.ts";
import { runMovesContract } from "./run-moves.contract.ts";
import { runsContract } from "./runs.contract.ts";
import { stepsContract } from "./steps.contract.ts";
import { talliesContract } from "./tallies.contract.ts";
import { waitingApprovalsContract } from "./waiting-approvals.contract.ts";

function runStoreContract(create: () => Promise<RunStore>): void {
  describe("runs", () => runsContract(create));
  describe("moves of runs", () => runMovesContract(create));
  describe("admission of runs", () => admissionContract(create));
  describe("lists of runs", () => runListingContract(create));
  describe("figures by day", () => figuresContract(create));
  describe("step records", () => stepsContract(create));
  describe("waiting approvals", () => waitingApprovalsContract(create));
  describe("tallies", () => talliesContract(create));
}

describe("run store in memory", () => runStoreContract(async () => new MemoryRunStore()));

describe("run store in DynamoDB", () => {
  const newTable = dynamoTables();
  runStoreContract(async () => dynamoRunStore(await newTable()));
});

describe("run store in DynamoDB, where the first response to every write is lost", () => {
  const newTable = dynamoTables();
  admissionContract(async () => {
    const table = await newTable();
    loseFirstResponses(table.client);
    return dynamoRunStore(table);
  });
  figuresContract(async () => {
    const table = await newTable();
    loseFirstResponses(table.client);
    return dynamoRunStore(table);
  });
});
