import * as z from "zod";
import { dynamoBackfillStore } from "../shared/adapters/aws/dynamo-backfill-store.ts";
import { dynamoScheduleStore } from "../shared/adapters/aws/dynamo-schedule-store.ts";
import { driveBackfills } from "../shared/backfill/drive-backfill.ts";
import { manage } from "../shared/operate/manage.ts";
import { cron, definePipeline, lambda } from "../shared/pipeline/index.ts";
import type { Engine } from "../shared/ports/engine.ts";
import { runSchedules } from "../shared/schedule/run-schedules.ts";
import { sweepRuns } from "../shared/worker/sweep-run.ts";
import { startCountedEngine } from "./counted-engine.ts";
import { watch } from "./read-counts.ts";

/** Calls to DynamoDB, and the items that they read. */
export type Reads = { readonly calls: number; readonly items: number };

/** The requests to a stage, worded as in a report. */
export const requests = ["the first tick of a worker", "each further tick", "`schedules`"] as const;

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

/** What each request in {@link requests} reads if this many pipelines have one schedule each. */
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
    // A deployment stores its schedules once, and later workers find them.
    await tick({ ...engine, pipelines: new Map(engine.pipelines) });
    const looked = watch(table.client);
    const found: Reads[] = [];
    for (const ask of [
      () => tick(engine),
      () => tick(engine),
      () => manage(engine, { action: "schedules", upcoming: 1 }),
    ]) {
      Object.assign(looked, { queries: 0, reads: 0, items: 0 });
      await ask();
      found.push({ calls: looked.queries + looked.reads, items: looked.items });
    }
    return found;
  } finally {
    await counted.stop();
  }
}
