import { driveBackfills } from "../backfill/drive-backfill.ts";
import type { Engine } from "../ports/engine.ts";
import { runSchedules } from "../schedule/run-schedules.ts";
import { sweepRuns } from "../worker/sweep-run.ts";

/** Something that each tick does. @param until when it should begin nothing more, epoch milliseconds */
type Duty = (engine: Engine, until: number) => Promise<number>;

/**
 * The duties in their order, each with the share of the tick's time after which it begins nothing more. The sweep is
 * first, because it repairs whatever the others leave behind. A duty that needs less leaves its time to those after it.
 */
const duties = {
  sweep: { share: 0.6, work: sweepRuns },
  schedules: { share: 0.8, work: runSchedules },
  backfills: { share: 1, work: driveBackfills },
} as const satisfies Record<string, { share: number; work: Duty }>;

type DutyName = keyof typeof duties;

/** How many items each duty handled. */
export type TickReport = Record<DutyName, number>;

/** Milliseconds that are left at the end of a tick for the item that was begun last. */
const reserve = 10_000;

/**
 * Does what is due by the clock: looks after runs, starts what schedules say, and moves backfills on. If one duty fails,
 * the others still get their turn.
 *
 * @param deadline when the worker must have ended, epoch milliseconds
 * @throws AggregateError at the end, if a duty failed as a whole
 */
export async function tick(engine: Engine, deadline: number): Promise<TickReport> {
  const begun = engine.clock.now();
  const time = Math.max(0, deadline - reserve - begun);
  const report: TickReport = { sweep: 0, schedules: 0, backfills: 0 };
  const errors: unknown[] = [];
  for (const name of Object.keys(duties) as DutyName[]) {
    const { share, work } = duties[name];
    try {
      report[name] = await work(engine, begun + share * time);
    } catch (error) {
      engine.log.error("duty of the tick failed", { duty: name, error });
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join("; "));
  return report;
}
