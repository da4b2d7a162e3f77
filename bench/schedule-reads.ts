import * as z from "zod";
import { driveBackfills } from "../shared/backfill/drive-backfill.ts";
import { dynamoBackfillStore } from "../shared/backfill/dynamo-backfill-store.ts";
import type { Engine } from "../shared/engine.ts";
import { manage } from "../shared/operate/manage.ts";
import { cron, definePipeline, lambda } from "../shared/pipeline/index.ts";
import { dynamoScheduleStore } from "../shared/schedule/dynamo-schedule-store.ts";
import { runSchedules } from "../shared/schedule/run-schedules.ts";
import { sweepRuns } from "../shared/worker/sweep-run.ts";
import { type CountedEngine, startCountedEngine } from "./counted-engine.ts";

/** Calls to DynamoDB that read, and read units of 4 KB (half of one where a read is not consistent). */
export type Reads = { readonly calls: number; readonly units: number };

/** What is asked of a stage, as said in a report. */
export const asked = ["the first tick of a worker", "each further tick", "`schedules`"] as const;

const readers = new Set(["GetCommand", "BatchGetCommand", "QueryCommand", "ScanCommand"]);

function readsOf({ record }: CountedEngine): Reads {
  const reads = record.take().filter(({ command }) => readers.has(command));
  return { calls: reads.length, units: reads.reduce((sum, { readUnits }) => sum + readUnits, 0) };
}

const scheduled = (count: number) =>
  Array.from({ length: count }, (_, place) =>
    definePipeline(
      {
        name: `pipeline-${place}`,
        params: z.strictObject({}),
        triggers: [cron("0 3 * * *", { timezone: "UTC" })],
      },
      ({ step }) =>
        step(
          "only",
          lambda({}, () => 1),
        ),
    ),
  );

async function tick(engine: Engine): Promise<void> {
  await runSchedules(engine);
  await driveBackfills(engine);
  await sweepRuns(engine);
}

/** What is read where so many pipelines have a schedule each, for each that is {@link asked}. */
export async function readsOfSchedules(pipelines: number): Promise<Reads[]> {
  const counted = await startCountedEngine();
  try {
    const { table } = counted;
    const engine: Engine = {
      ...counted.engine,
      schedules: dynamoScheduleStore(table),
      backfills: dynamoBackfillStore(table),
      pipelines: new Map(scheduled(pipelines).map((pipeline) => [pipeline.name, pipeline])),
    };
    // A deployment stores its schedules once; later workers find them.
    await tick({ ...engine, pipelines: new Map(engine.pipelines) });
    counted.record.take();
    const found: Reads[] = [];
    for (const ask of [
      () => tick(engine),
      () => tick(engine),
      () => manage(engine, { action: "schedules", upcoming: 1 }),
    ]) {
      await ask();
      found.push(readsOf(counted));
    }
    return found;
  } finally {
    await counted.stop();
  }
}
