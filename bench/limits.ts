import { BatchWriteCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { placeInQueue } from "../shared/adapters/aws/dynamo-keys.ts";
import { newRunItem } from "../shared/adapters/aws/dynamo-run-item.ts";
import { cancelRun } from "../shared/operate/cancel-run.ts";
import { definePipeline, lambda } from "../shared/pipeline/index.ts";
import { startRun } from "../shared/run/start-run.ts";
import { limitNames } from "../shared/state/run-slots.ts";
import { sweepRuns } from "../shared/worker/sweep-run.ts";
import { aRun } from "../test/factories.ts";
import { type CountedEngine, startCountedEngine } from "./counted-engine.ts";
import type { Report } from "./report.ts";

const sizes = [10, 100, 1_000, 10_000];
/** Max. number of items in one BatchWriteItem. */
const itemsAtOnce = 25;
/** Max. units by which the longest queue may cost more than the shortest one. */
const margin = 2;

const narrow = definePipeline(
  { name: "narrow", params: z.strictObject({}), maxActiveRuns: 1 },
  ({ step }) => {
    step(
      "only",
      lambda({}, () => 1),
    );
  },
);
const limits = [{ name: "pipeline/narrow", limit: 1 }];

/** Lets runs wait in the queue, without the calls that lead there. */
async function fill({ table }: CountedEngine, from: number, to: number): Promise<void> {
  const items = Array.from({ length: to - from }, (_, place) => {
    const startedAt = new Date(Date.parse("2021-01-01T00:00:00Z") + (from + place) * 1000).toISOString();
    const run = aRun({
      ...{ pipeline: narrow.name, graphHash: narrow.graphHash, queue: narrow.name, params: {} },
      ...{ state: "QUEUED", limits, startedAt, scheduledAt: startedAt },
    });
    const due = Date.parse("2100-01-01T00:00:00Z");
    return [newRunItem(run, due), { ...placeInQueue(run), runId: run.runId, limits: limitNames(run) }];
  }).flat();
  for (let next = 0; next < items.length; next += itemsAtOnce) {
    const requests = items.slice(next, next + itemsAtOnce).map((Item) => ({ PutRequest: { Item } }));
    await table.client.send(new BatchWriteCommand({ RequestItems: { [table.name]: requests } }));
  }
}

/** What each event of a run behind a limit costs in read and write units of DynamoDB, however many runs wait there. */
export async function measureLimits(): Promise<Report> {
  const counted = await startCountedEngine();
  try {
    const engine = { ...counted.engine, pipelines: new Map([[narrow.name, narrow]]) };
    const start = async (key: string) => {
      const { runId } = await startRun(engine, {
        pipeline: narrow.name,
        cause: { kind: "manual" },
        causeKey: key,
      });
      return runId;
    };
    await start("holder");
    const events: Readonly<Record<string, (size: number) => Promise<unknown>>> = {
      "a run that comes": (size) => start(`one of ${size}`),
      "a tick that finds it waiting": () => sweepRuns({ ...engine, clock: later(engine) }),
      "the end of the run that holds the slot": async () => {
        const [holder = ""] = (await engine.store.getSlots("pipeline/narrow")).holders;
        await cancelRun(engine, holder);
      },
    };
    // One round leaves runs that the next tick has to look at, so that all measured ticks find equally many.
    for (const act of Object.values(events)) await act(0);
    const rows: (string | number)[][] = [];
    const overBudget: string[] = [];
    let filled = 0;
    for (const size of sizes) {
      await fill(counted, filled, size);
      filled = size;
      for (const [what, act] of Object.entries(events)) {
        counted.record.take();
        await act(size);
        const calls = counted.record.take().filter(({ service }) => service === "dynamodb");
        const sum = (units: "readUnits" | "writeUnits") =>
          calls.reduce((total, call) => total + call[units], 0);
        rows.push([what, size, sum("readUnits"), sum("writeUnits"), calls.length]);
      }
    }
    for (const what of Object.keys(events)) {
      const its = rows.filter(([event]) => event === what);
      const units = its.map(([, , reads, writes]) => Number(reads) + Number(writes));
      if ((units.at(-1) ?? 0) > (units[0] ?? 0) + margin)
        overBudget.push(`${what} costs ${units.join(", ")} units among ${sizes.join(", ")}`);
    }
    return {
      tables: [
        {
          title: "A run behind a limit of one, by how many wait there",
          columns: ["", "waiting", "read units", "write units", "requests"],
          rows: rows.toSorted(([a], [b]) => String(a).localeCompare(String(b))),
          notes: [
            "Units of DynamoDB, with those of indexes. The cancel of a run includes its own two writes.",
          ],
        },
      ],
      overBudget,
    };
  } finally {
    await counted.stop();
  }
}

/** A clock at which all runs are due that began to wait now. */
function later({ clock }: CountedEngine["engine"]) {
  return { ...clock, now: () => clock.now() + 16 * 60_000 };
}
