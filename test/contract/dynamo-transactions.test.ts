import {
  type CancellationReason,
  TransactionCanceledException,
  TransactionConflictException,
} from "@aws-sdk/client-dynamodb";
import { dynamoRunStore } from "../../shared/adapters/aws/dynamo-run-store.ts";
import type { DynamoTable } from "../../shared/adapters/aws/dynamo-table.ts";
import type { Admission, RunStore } from "../../shared/ports/run-store.ts";
import { aRun, epochStart, timeAt } from "../factories.ts";
import { dynamoTables } from "./dynamo-tables.ts";

// What AWS does and MiniStack never does: transactions that cancel one another, and answers that are lost for good.

const later = epochStart + 120_000;
const none: CancellationReason = { Code: "None" };
const conflict: CancellationReason = { Code: "TransactionConflict" };
const failed: CancellationReason = { Code: "ConditionalCheckFailed" };

const canceled = (...reasons: CancellationReason[]) =>
  new TransactionCanceledException({ message: "", $metadata: {}, CancellationReasons: reasons });
const conflicting = () => new TransactionConflictException({ message: "", $metadata: {} });

describe("transactions of runs", () => {
  const newTable = dynamoTables();
  let table: DynamoTable;
  let store: RunStore;
  beforeEach(async () => {
    table = await newTable();
    store = dynamoRunStore(table);
  });

  /** Makes the next `times` calls of a command fail before they have any effect, and counts its calls. */
  const failNext = (command: string, times: number, error: () => Error) => {
    const seen = { calls: 0 };
    table.client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName !== command) return next(args);
          seen.calls += 1;
          if (seen.calls <= times) throw error();
          return next(args);
        },
      { step: "initialize", name: "failNext" },
    );
    return seen;
  };
  const queued = async () => {
    const run = aRun({ state: "QUEUED", limits: [{ name: "gpu", limit: 1 }] });
    await store.createRun(run, later);
    return run;
  };

  test.each<[string, CancellationReason]>([
    ["conflicts with another", conflict],
    ["is throttled", { Code: "ThrottlingError" }],
    ["is throttled at the table", { Code: "ProvisionedThroughputExceeded" }],
  ])("a transaction that %s is repeated", async (_, reason) => {
    const run = await queued();
    const seen = failNext("TransactWriteItemsCommand", 3, () => canceled(none, none, reason));
    expect(await store.admitRun(run, timeAt(1), later)).toBe("admitted");
    expect(seen.calls).toBe(4);
    expect((await store.getSlots("gpu")).holders).toEqual(new Set([run.runId]));
  });

  test("a single write that conflicts with a transaction is repeated", async () => {
    const { runId } = aRun();
    await store.createRun(aRun({ runId }), later);
    const seen = failNext("UpdateItemCommand", 3, conflicting);
    expect(await store.joinRun(runId, 1, 4, "done")).toMatchObject({ progress: { done: new Set([4]) } });
    expect(seen.calls).toBe(4);
    await store.setLimit("gpu", 3);
  });

  test("repeated conflicts are a retryable error, and change nothing", async () => {
    const run = await queued();
    const seen = failNext("TransactWriteItemsCommand", 10, () => canceled(conflict, none, none));
    const admission = store.admitRun(run, timeAt(1), later);
    await expect(admission).rejects.toMatchObject({ name: "TransactionConflictError", throttled: true });
    expect(seen.calls).toBe(10);
    expect(await store.waitingRuns("ridge-sweep", 10)).toMatchObject([{ runId: run.runId }]);
    expect(await store.admitRun(run, timeAt(1), later)).toBe("admitted");
  });

  test.each<[string, CancellationReason[], Admission]>([
    ["on the slot", [none, none, failed], { full: ["gpu"] }],
    ["on the slot, with a conflict on the run", [conflict, none, failed], { full: ["gpu"] }],
    ["on the run", [failed, none, none], "gone"],
    ["on the run, with a conflict on the slot", [failed, none, conflict], "gone"],
    ["on both", [failed, none, failed], "gone"],
  ])("a condition that failed %s is reported at once", async (_, reasons, answer) => {
    const run = await queued();
    const seen = failNext("TransactWriteItemsCommand", 1, () => canceled(...reasons));
    expect(await store.admitRun(run, timeAt(1), later)).toEqual(answer);
    expect(seen.calls).toBe(1);
  });

  test("a transaction cancelled for any other reason is an error", async () => {
    const run = await queued();
    failNext("TransactWriteItemsCommand", 1, () => canceled({ Code: "ValidationError" }, none, none));
    await expect(store.admitRun(run, timeAt(1), later)).rejects.toThrow(TransactionCanceledException);
  });

  test("a call whose response was lost for good returns the same answer when it is repeated", async () => {
    let losing = false;
    table.client.middlewareStack.add(
      (next, { commandName = "" }) =>
        async (args) => {
          const result = await next(args);
          if (!losing || /^(Get|Query)/.test(commandName)) return result;
          losing = false;
          throw new Error("the answer was lost");
        },
      // Outside of the SDK's retries, as if the SDK had given up.
      { step: "initialize", name: "loseOne" },
    );
    const twice = async <T>(call: () => Promise<T>): Promise<T> => {
      losing = true;
      await expect(call()).rejects.toThrow("the answer was lost");
      return call();
    };
    const run = aRun({ state: "SCHEDULED", limits: [{ name: "gpu", limit: 1 }] });
    // Records the day.
    await store.createRun(aRun(), 3 * later);
    expect(await twice(() => store.createRun(run, later))).toBe("exists");
    expect(await twice(() => store.moveRun(run.runId, 1, { to: "QUEUED" }, later))).toMatchObject({
      state: "QUEUED",
    });
    expect(await twice(() => store.admitRun(run, timeAt(1), later))).toBe("admitted");
    expect(await twice(() => store.endRun(run, { to: "FAILED", endedAt: timeAt(2) }, later))).toBe(true);
    expect(await twice(() => store.reopenRun(run, timeAt(3), later + 1))).toMatchObject({ epoch: 2 });
    const second = { ...run, epoch: 2 };
    expect(await twice(() => store.admitRun(second, timeAt(4), later))).toBe("admitted");
    expect(await twice(() => store.endRun(second, { to: "SUCCEEDED", endedAt: timeAt(5) }, later))).toBe(
      true,
    );
    await twice(() => store.closeRun(run.runId, 2));
    expect((await store.getSlots("gpu")).holders).toEqual(new Set());
    expect([await store.waitingRuns("ridge-sweep", 10), await store.dueRuns(later * 2, 10)]).toEqual([
      [],
      [],
    ]);
  });
});
