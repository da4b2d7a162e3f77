import { engine } from "../shared/app/aws-engine.ts";
import { invokedHandler } from "../shared/app/handler.ts";
import { driveBackfills } from "../shared/backfill/drive-backfill.ts";
import { runSchedules } from "../shared/schedule/run-schedules.ts";
import { sweepRuns } from "../shared/worker/sweep-run.ts";

/** Once a minute: starts what is due by the clock and resumes work that was left behind. */
export const handler = invokedHandler(async () => {
  await runSchedules(engine);
  await driveBackfills(engine);
  return { swept: await sweepRuns(engine) };
});
