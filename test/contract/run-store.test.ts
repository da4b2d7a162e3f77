import { dynamoRunStore } from "../../shared/store/dynamo-run-store.ts";
import { dynamoClient } from "../../shared/store/dynamo-table.ts";
import { MemoryRunStore } from "../../shared/store/memory-run-store.ts";
import type { RunStore } from "../../shared/store/run-store.ts";
import { type Ministack, startTestMinistack } from "../ministack.ts";
import { createRunTable } from "../run-table.ts";
import { runListingContract } from "./run-listing.contract.ts";
import { runsContract } from "./runs.contract.ts";
import { stepsContract } from "./steps.contract.ts";
import { talliesContract } from "./tallies.contract.ts";

function runStoreContract(create: () => Promise<RunStore>): void {
  describe("runs", () => runsContract(create));
  describe("lists of runs", () => runListingContract(create));
  describe("step records", () => stepsContract(create));
  describe("tallies", () => talliesContract(create));
}

describe("run store in memory", () => runStoreContract(async () => new MemoryRunStore()));

describe("run store in DynamoDB", () => {
  let ministack: Ministack;
  let client: ReturnType<typeof dynamoClient>;
  let tables = 0;
  beforeAll(async () => {
    ministack = await startTestMinistack();
    // A thousand calls at once wait for each other longer here than on AWS.
    client = dynamoClient({ ...ministack.client, requestHandler: { requestTimeout: 60_000 } });
  });
  afterAll(async () => {
    client.destroy();
    await ministack.stop();
  });

  runStoreContract(async () => {
    tables += 1;
    const name = `runs-${tables}`;
    await createRunTable(client, name);
    return dynamoRunStore({ client, name });
  });
});
