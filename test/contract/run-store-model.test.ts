import fc from "fast-check";
import { dynamoRunStore } from "../../shared/adapters/aws/dynamo-run-store.ts";
import { MemoryRunStore } from "../../shared/adapters/memory/memory-run-store.ts";
import { dynamoTables } from "./dynamo-tables.ts";
import { loseFirstResponses } from "./lost-responses.ts";
import { callSequences, StorePlayer, waitsAtOnce } from "./run-store-model.ts";

describe("run stores in memory and in DynamoDB", () => {
  const newTable = dynamoTables();

  test("return the same answers to the same calls and reach the same state", async () => {
    await fc.assert(
      fc.asyncProperty(callSequences, async (calls) => {
        const memory = new StorePlayer(new MemoryRunStore());
        const dynamo = new StorePlayer(dynamoRunStore(await newTable()));
        for (const call of calls) expect(await dynamo.play(call)).toEqual(await memory.play(call));
        expect(await dynamo.state()).toEqual(await memory.state());
      }),
      { numRuns: 25 },
    );
  });

  test("return the same answers when the first response to every call to DynamoDB is lost", async () => {
    await fc.assert(
      fc.asyncProperty(callSequences, async (calls) => {
        const table = await newTable();
        loseFirstResponses(table.client);
        const memory = new StorePlayer(new MemoryRunStore());
        const dynamo = new StorePlayer(dynamoRunStore(table));
        for (const call of calls) {
          const [answer, expected] = [await dynamo.play(call), await memory.play(call)];
          // A repeated creation can't tell its own run from another's, unless it's a transaction.
          const isRefused = call.call === "createRun" && !waitsAtOnce(call);
          if (isRefused) expect(answer).toBe("exists");
          else expect(answer).toEqual(expected);
        }
        expect(await dynamo.state()).toEqual(await memory.state());
      }),
      { numRuns: 10 },
    );
  });
});
