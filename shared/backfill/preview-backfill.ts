import type { Engine } from "../ports/engine.ts";
import type { BackfillPreview } from "./backfill-view.ts";
import { type TimeState, timeStateOf } from "./decide-backfill.ts";
import { lookAt, timesPerCall } from "./drive-backfill.ts";
import { type BackfillRequest, planBackfill } from "./plan-backfill.ts";

/** How many times are listed at each end. */
const listed = 3;

/**
 * What a request to start a backfill would do. Writes nothing.
 *
 * @throws PipelineNotFoundError, ScheduleNotFoundError, ParamsError, BackfillError, like the start
 */
export async function previewBackfill(engine: Engine, request: BackfillRequest): Promise<BackfillPreview> {
  const { id, plan, times } = planBackfill(engine, request);
  const { pipeline, rule, from, to } = plan;
  const stored = await engine.backfills.get(id);
  const facts: BackfillPreview = {
    ...{ dryRun: true, backfill: id, pipeline, rule, from, to },
    ...{ concurrency: request.concurrency, total: times.length },
    first: times.slice(0, listed),
    last: times.slice(listed).slice(-listed),
    ...(stored !== undefined && { state: stored.state }),
  };
  if (times.length > timesPerCall) return facts;
  const pass = { id, passAt: new Date(engine.clock.now()).toISOString(), retryFailed: request.retryFailed };
  const timeStates = (await lookAt(engine, plan, times)).map(({ run }) => timeStateOf(pass, run));
  const count = (wanted: TimeState) => timeStates.filter((timeState) => timeState === wanted).length;
  return {
    ...facts,
    counts: {
      ...{ start: count("missing"), again: count("again"), open: count("open") },
      skipped: count("skipped") + count("succeeded"),
      failed: count("failed"),
    },
  };
}
