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
  type BackfillInterval,
  boundOf,
  digest,
  timesOfSchedule,
  timetableOf,
} from "./backfill-times.ts";

/** Maximum number of times in one backfill. */
const maxTimes = 10_000;

/** A request for a backfill. Dates are in its time zone; the default is the stage's. */
export type BackfillRequest = {
  readonly pipeline: string;
  /** Inclusive: a date, or a time with an offset. */
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
  /** How often. The alternative is `schedule`: the times and parameters of one of the pipeline's schedules. */
  readonly every?: BackfillInterval;
  readonly schedule?: string;
  readonly timezone?: string;
  readonly params?: { readonly [name: string]: Json };
  readonly concurrency: number;
  readonly retryFailed: boolean;
};

/**
 * The cause key of a backfill's runs. It is the key that the pipeline's or the schedule's own runs have, so the
 * backfill skips the times that those have done. If the request has parameters of its own, the key differs, and so do
 * the runs.
 */
function causeKeyOf({ schedule, params }: BackfillRequest): string {
  const own = schedule === undefined ? "" : scheduleCauseKey(schedule);
  return params === undefined ? own : `${own}/params/${digest(canonicalJson(params), 16)}`;
}

function planOf(engine: Engine, request: BackfillRequest): BackfillPlan {
  const { pipeline, every, schedule } = request;
  const trigger = schedule === undefined ? undefined : definedSchedule(engine, pipeline, schedule);
  if ((every === undefined) === (trigger === undefined)) {
    throw new BackfillError(`every and schedule are ${every === undefined ? "both missing" : "both given"}`, {
      remedy: "Use exactly one of the two.",
    });
  }
  const timezone = request.timezone ?? (trigger ? zoneOf(trigger, engine.stage) : engine.stage.timezone);
  const from = boundOf("from", request.from, timezone);
  const to = boundOf("to", request.to, timezone);
  const timetable = trigger
    ? timesOfSchedule(trigger, timezone)
    : timetableOf(every as BackfillInterval, from, timezone);
  return {
    pipeline,
    timetable,
    rule: trigger ? timetableText(timetable, engine.stage) : `every ${every} in ${timezone}`,
    from: from.at.toISOString(),
    to: to.at.toISOString(),
    params: { ...(trigger?.params as { [name: string]: Json } | undefined), ...request.params },
    causeKey: causeKeyOf(request),
  };
}

/** The times of a plan, in order. @throws BackfillError if there are none or too many, or if some are in the future */
function timesOf(engine: Engine, { timetable, from, to }: BackfillPlan): string[] {
  const bounds = { before: new Date(to), max: maxTimes + 1 };
  const times = timesFrom(timetable, new Date(from), engine.stage, bounds);
  const last = times.at(-1);
  if (last === undefined) {
    throw new BackfillError(`no time of the schedule lies between ${from} (inclusive) and ${to} (exclusive)`);
  }
  if (times.length > maxTimes) {
    throw new BackfillError(`there are more than ${maxTimes} times from ${from} to ${to}`, {
      remedy: "Split them over several backfills.",
    });
  }
  if (last.getTime() > engine.clock.now()) {
    throw new BackfillError(`to is ${to}: ${last.toISOString()} is in the future`, {
      remedy: "End the backfill in the past; the schedule starts later runs.",
    });
  }
  return times.map((time) => time.toISOString());
}

/** A valid request for a backfill. The id is derived from the request. */
export type PlannedBackfill = { id: string; plan: BackfillPlan; times: string[] };

/**
 * Resolves a request: which backfill it is, and its times in order. Reads and writes nothing.
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
