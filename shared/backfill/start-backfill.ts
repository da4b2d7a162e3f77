import type { Engine } from "../engine.ts";
import { canonicalJson, type Json } from "../pipeline/json.ts";
import { timesFrom, timetableText, zoneOf } from "../pipeline/timetable.ts";
import { admitRuns } from "../run/admit-runs.ts";
import { PipelineNotFoundError } from "../run/run-errors.ts";
import { checkedParams } from "../run/start-run.ts";
import { scheduleCauseKey } from "../schedule/run-schedules.ts";
import { definedSchedule } from "../schedule/set-schedule.ts";
import { type Backfill, type BackfillPlan, backfillLimit, noCounts } from "./backfill.ts";
import {
  BackfillError,
  digest,
  momentOf,
  type Rhythm,
  timesOfSchedule,
  timetableOf,
} from "./backfill-times.ts";
import { driveBackfill } from "./drive-backfill.ts";

/** Most times that one backfill runs a pipeline for. */
const mostTimes = 10_000;

/** No backfill has this id. */
export class BackfillNotFoundError extends Error {
  override readonly name = "BackfillNotFoundError";
  constructor(id: string) {
    super(`there is no backfill "${id}"; list the backfills to see their ids`);
  }
}

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

/** How many times a plan has. @throws BackfillError for none, too many, or times to come */
function countTimes(engine: Engine, { timetable, from, to }: BackfillPlan): number {
  const bounds = { before: new Date(to), most: mostTimes + 1 };
  const times = timesFrom(timetable, new Date(from), engine.stage, bounds);
  const last = times.at(-1);
  if (last === undefined) {
    throw new BackfillError(`there is no such time from ${from} (inclusive) to ${to} (exclusive)`);
  }
  if (times.length > mostTimes) {
    throw new BackfillError(
      `more than ${mostTimes} times from ${from} to ${to}; do them in several backfills`,
    );
  }
  if (last.getTime() > engine.clock.now()) {
    throw new BackfillError(
      `to is ${to}: ${last.toISOString()} is yet to come; schedules start what is to come`,
    );
  }
  return times.length;
}

/** A backfill at the beginning of a pass. */
function freshPass(engine: Engine, { reason: _reason, cancelledAt: _at, ...rest }: Backfill): Backfill {
  const now = new Date(engine.clock.now()).toISOString();
  const begun = { state: "RUNNING", passAt: now, next: rest.from, dueAt: now } as const;
  return { ...rest, ...begun, counts: noCounts, open: [], version: rest.version + 1 };
}

function newBackfill(engine: Engine, id: string, plan: BackfillPlan, request: BackfillRequest): Backfill {
  const createdAt = new Date(engine.clock.now()).toISOString();
  const { concurrency, retryFailed } = request;
  return freshPass(engine, {
    ...{ id, ...plan, state: "RUNNING", createdAt, pass: 1, passAt: createdAt },
    ...{ retryFailed, concurrency, total: countTimes(engine, plan), counts: noCounts, open: [], version: 0 },
  });
}

/** Changes a backfill, however often others change it meanwhile. `change` gives undefined to leave it as it is. */
async function changeBackfill(
  engine: Engine,
  id: string,
  change: (backfill: Backfill) => Backfill | undefined,
): Promise<Backfill> {
  for (;;) {
    const stored = await engine.backfills.get(id);
    if (stored === undefined) throw new BackfillNotFoundError(id);
    const changed = change(stored);
    if (changed === undefined) return stored;
    const next = { ...changed, version: stored.version + 1 };
    if (await engine.backfills.put(next)) return next;
  }
}

async function applyConcurrency(engine: Engine, { id, pipeline, concurrency }: Backfill): Promise<void> {
  await engine.store.setLimit(backfillLimit(id), concurrency);
  await admitRuns(engine, engine.pipelines.get(pipeline)?.concurrency.queue?.name ?? pipeline);
}

/**
 * A backfill as it is now: after a turn, where something is left to do for it.
 *
 * @throws BackfillNotFoundError
 */
export async function lookAtBackfill(engine: Engine, id: string): Promise<Backfill> {
  await driveBackfill(engine, id);
  const found = await engine.backfills.get(id);
  if (found === undefined) throw new BackfillNotFoundError(id);
  return found;
}

/**
 * Runs a pipeline for each time between two dates. Its id follows from what is asked for: asked again while it is under
 * way it goes on, with the concurrency that is asked for now; asked again afterwards it goes over its times once more and
 * skips what succeeded.
 *
 * @throws PipelineNotFoundError, ScheduleNotFoundError, ParamsError, BackfillError; nothing was started then
 */
export async function startBackfill(engine: Engine, request: BackfillRequest): Promise<Backfill> {
  const pipeline = engine.pipelines.get(request.pipeline);
  if (pipeline === undefined) throw new PipelineNotFoundError(request.pipeline, engine.pipelines.keys());
  const plan = planOf(engine, request);
  checkedParams(pipeline, plan.params);
  const { timetable, from, to, causeKey } = plan;
  const id = `${pipeline.name}-${digest(canonicalJson([timetable, from, to, causeKey]), 10)}`;
  const created = newBackfill(engine, id, plan, request);
  const { concurrency, retryFailed } = request;
  if (!(await engine.backfills.put(created))) {
    await changeBackfill(engine, id, (stored) => {
      const goesOn = stored.state === "RUNNING";
      if (goesOn && stored.concurrency === concurrency && stored.retryFailed === retryFailed)
        return undefined;
      const asked = { ...stored, concurrency, retryFailed };
      return goesOn ? asked : { ...freshPass(engine, asked), params: plan.params, pass: stored.pass + 1 };
    });
  }
  await applyConcurrency(engine, { ...created, concurrency });
  return lookAtBackfill(engine, id);
}

/**
 * Lets a backfill go on that was cancelled, or go over its times once more: what succeeded is skipped, what its cancel
 * stopped goes on.
 *
 * @throws BackfillNotFoundError
 */
export async function resumeBackfill(engine: Engine, id: string, retryFailed: boolean): Promise<Backfill> {
  await changeBackfill(engine, id, (stored) =>
    stored.state === "RUNNING"
      ? undefined
      : { ...freshPass(engine, stored), retryFailed, pass: stored.pass + 1 },
  );
  return lookAtBackfill(engine, id);
}

/**
 * Cancels a backfill: it starts nothing more, and the runs that it has started and that have not ended are cancelled. Of
 * one that has ended it changes nothing.
 *
 * @throws BackfillNotFoundError
 */
export async function cancelBackfill(engine: Engine, id: string): Promise<Backfill> {
  const now = new Date(engine.clock.now()).toISOString();
  const reason = "cancelled by an operator";
  await changeBackfill(engine, id, (stored) =>
    stored.state === "RUNNING"
      ? { ...stored, state: "CANCELLED", reason, cancelledAt: now, dueAt: now }
      : undefined,
  );
  return lookAtBackfill(engine, id);
}
