import { DeleteCommand, PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { placeInQueue, queuePartition } from "../../shared/adapters/aws/dynamo-keys.ts";
import { dynamoRunStore } from "../../shared/adapters/aws/dynamo-run-store.ts";
import type { DynamoTable } from "../../shared/adapters/aws/dynamo-table.ts";
import type { RunStore } from "../../shared/ports/run-store.ts";
import type { RunningRun, WaitingRun } from "../../shared/state/run.ts";
import { waitingKey } from "../../shared/state/run-listing.ts";
import { limitNames } from "../../shared/state/run-slots.ts";
import { aRun, epochStart, timeAt } from "../factories.ts";
import { dynamoTables } from "./dynamo-tables.ts";

// Older code keeps one order of places in each queue, without lanes. It and newer code share a table for minutes during
// a deployment, and after a rollback.

const later = epochStart + 120_000;
const cancel = { to: "CANCELLING", endsAs: "CANCELLED", reason: "" } as const;

describe("places in a queue that older code wrote", () => {
  const newTable = dynamoTables();
  let table: DynamoTable;
  let store: RunStore;
  beforeEach(async () => {
    table = await newTable();
    store = dynamoRunStore(table);
  });

  const oldKey = (run: WaitingRun | RunningRun) => ({ pk: queuePartition(run.queue), sk: waitingKey(run) });
  const queued = async (overrides: Partial<WaitingRun | RunningRun> = {}) => {
    const run = aRun({ state: "QUEUED", queue: "gpu", limits: [{ name: "gpu", limit: 9 }], ...overrides });
    await store.createRun(run, later);
    return run;
  };
  /** What older code writes when a run joins its queue. */
  const putOld = (run: WaitingRun | RunningRun) => {
    const Item = { ...oldKey(run), runId: run.runId, limits: limitNames(run) };
    return table.client.send(new PutCommand({ TableName: table.name, Item }));
  };
  const queuedByOlder = async (overrides: Partial<WaitingRun | RunningRun> = {}) => {
    const run = await queued(overrides);
    await table.client.send(new DeleteCommand({ TableName: table.name, Key: placeInQueue(run) }));
    await putOld(run);
    return run;
  };
  const keys = async () => {
    const { Items: items = [] } = await table.client.send(new ScanCommand({ TableName: table.name }));
    return items.flatMap(({ pk, sk }) => (pk === queuePartition("gpu") ? [String(sk)] : [])).sort();
  };
  const laneKeys = (...runs: (WaitingRun | RunningRun)[]) => runs.map((run) => placeInQueue(run).sk).sort();
  const ids = (places: readonly { runId: string }[]) => places.map(({ runId }) => runId);

  test("are listed in order among the others, each run once, and nothing is written", async () => {
    const second = await queued({ startedAt: timeAt(2) });
    const first = await queuedByOlder({ startedAt: timeAt(1) });
    await putOld(second);
    const before = await keys();
    expect(ids(await store.waitingRuns("gpu", 10))).toEqual([first.runId, second.runId]);
    expect(await keys()).toEqual(before);
  });

  test("are moved to their lanes in order, a hundred for each call", async () => {
    const runs = [];
    for (let second = 0; second < 120; second += 1)
      runs.push(await queuedByOlder({ startedAt: timeAt(second) }));
    expect(ids(await store.firstInLanes("gpu"))).toEqual([runs[0]?.runId]);
    expect((await keys()).filter((key) => !key.startsWith("LANE#"))).toHaveLength(20);
    await store.firstInLanes("gpu");
    expect(await keys()).toEqual(laneKeys(...runs));
    expect(ids(await store.waitingRuns("gpu", 200))).toEqual(ids(runs));
  }, 60_000);

  test("are removed if newer code admitted or cancelled their runs", async () => {
    const admitted = await queuedByOlder();
    const cancelled = await queuedByOlder();
    await store.admitRun(admitted, timeAt(5), later);
    await store.moveRun(cancelled.runId, 1, cancel, later);
    expect(await keys()).toHaveLength(2);
    expect(await store.firstInLanes("gpu")).toEqual([]);
    expect(await keys()).toEqual([]);
  });

  test("are merged with the place that a reopened run has already", async () => {
    const run = await queued();
    await putOld(run);
    expect(ids(await store.firstInLanes("gpu"))).toEqual([run.runId]);
    expect(await keys()).toEqual(laneKeys(run));
  });

  test("are removed from a lane that older code left them in, unless the run waits again by then", async () => {
    const run = await queued();
    const [place] = await store.firstInLanes("gpu");
    if (place === undefined) throw new Error("the run has no place");
    await store.admitRun(run, timeAt(5), later);
    const Item = { ...placeInQueue(run), runId: run.runId, limits: limitNames(run) };
    await table.client.send(new PutCommand({ TableName: table.name, Item }));
    await store.removePlace(place);
    expect(await keys()).toEqual([]);
    await store.endRun(run, { to: "FAILED", endedAt: timeAt(6) }, later);
    await store.reopenRun(run, timeAt(7), later);
    await store.removePlace(place);
    expect(await keys()).toEqual(laneKeys(run));
  });
});
