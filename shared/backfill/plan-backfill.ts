import { canonicalJson, type Json } from "../pipeline/json.ts";
import { timesFrom, timetableText, zoneOf } from "../pipeline/timetable.ts";
import type { Engine } from "../ports/engine.ts";
import { PipelineNotFoundError } from "../run/run-errors.ts";
import { checkedParams } from "../run/start-run.ts";
import { scheduleCauseKey } from "../schedule/run-schedules.ts";
import { definedSchedule } from "../schedule/set-schedule.ts";
import type { BackfillPlan } from "../state/backfill.ts";
import {
  BackfillError,
  digest,
  momentOf,
  type Rhythm,
  timesOfSchedule,
  timetableOf,
} from "./backfill-times.ts";

/** Most times that one backfill runs a pipeline for. */
const maxTimes = 10_000;

/** What a backfill is asked for with. Dates are of the time zone, that of the stage when left out. */
export type BackfillRequest = {
  readonly pipeline: string;
  /** Inclusive: a date, or a time with an offset. */
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
  /** How often; or the times of a schedule of the pipeline, with its parameters. */
  readonly every?: Rhythm;
  readonly schedule?: string;
  readonly timezone?: string;
  readonly params?: { readonly [name: string]: Json };
  readonly concurrency: number;
  readonly retryFailed: boolean;
};

/**
 * What tells a backfill's runs from others: as the pipeline's own runs for those times, or its schedule's, are told, so
 * that what one of them did is skipped. Parameters of its own make other runs.
 */
function causeKeyOf({ schedule, params }: BackfillRequest): string {
  const own = schedule === undefined ? "" : scheduleCauseKey(schedule);
  return params === undefined ? own : `${own}/params/${digest(canonicalJson(params), 16)}`;
}

function planOf(engine: Engine, request: BackfillRequest): BackfillPlan {
  const { pipeline, every, schedule } = request;
  const trigger = schedule === undefined ? undefined : definedSchedule(engine, pipeline, schedule);
  if ((every === undefined) === (trigger === undefined)) {
    throw new BackfillError("every and schedule: give one of the two");
  }
  const timezone = request.timezone ?? (trigger ? zoneOf(trigger, engine.stage) : engine.stage.timezone);
  const from = momentOf("from", request.from, timezone);
  const to = momentOf("to", request.to, timezone);
  const timetable = trigger
    ? timesOfSchedule(trigger, timezone)
    : timetableOf(every as Rhythm, from, timezone);
  return {
    pipeline,
    timetable,
    rule: trigger ? timetableText(timetable, engine.stage) : `every ${every} in ${timezone}`,
    from: from.toISOString(),
    to: to.toISOString(),
    params: { ...(trigger?.params as { [name: string]: Json } | undefined), ...request.params },
    causeKey: causeKeyOf(request),
  };
}

/** The times of a plan, in order. @throws BackfillError for none, too many, or times to come */
function timesOf(engine: Engine, { timetable, from, to }: BackfillPlan): string[] {
  const bounds = { before: new Date(to), most: maxTimes + 1 };
  const times = timesFrom(timetable, new Date(from), engine.stage, bounds);
  const last = times.at(-1);
  if (last === undefined) {
    throw new BackfillError(`there is no such time from ${from} (inclusive) to ${to} (exclusive)`);
  }
  if (times.length > maxTimes) {
    throw new BackfillError(
      `more than ${maxTimes} times from ${from} to ${to}; do them in several backfills`,
    );
  }
  if (last.getTime() > engine.clock.now()) {
    throw new BackfillError(
      `to is ${to}: ${last.toISOString()} is yet to come; schedules start what is to come`,
    );
  }
  return times.map((time) => time.toISOString());
}

/** A backfill that was asked for and can be: its id follows from what is asked for. */
export type PlannedBackfill = { id: string; plan: BackfillPlan; times: string[] };

/**
 * What a request means: which backfill, for which times, in order. Nothing is read or written.
 *
 * @throws PipelineNotFoundError, ScheduleNotFoundError, ParamsError, BackfillError
 */
export function planBackfill(engine: Engine, request: BackfillRequest): PlannedBackfill {
  const pipeline = engine.pipelines.get(request.pipeline);
  if (pipeline === undefined) throw new PipelineNotFoundError(request.pipeline, engine.pipelines.keys());
  const plan = planOf(engine, request);
  checkedParams(pipeline, plan.params);
  const { timetable, from, to, causeKey } = plan;
  const id = `${pipeline.name}-${digest(canonicalJson([timetable, from, to, causeKey]), 10)}`;
  return { id, plan, times: timesOf(engine, plan) };
}
