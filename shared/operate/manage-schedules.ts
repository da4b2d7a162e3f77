import * as z from "zod";
import { backfillIntervals, maxConcurrency, usualConcurrency } from "../backfill/backfill-times.ts";
import type { BackfillPreview, BackfillView } from "../backfill/backfill-view.ts";
import { previewBackfill } from "../backfill/preview-backfill.ts";
import { cancelBackfill, driveAndRead, resumeBackfill, startBackfill } from "../backfill/start-backfill.ts";
import { viewBackfill } from "../backfill/view-backfill.ts";
import type { Json } from "../pipeline/json.ts";
import { given } from "../platform/given.ts";
import type { Engine } from "../ports/engine.ts";
import type { ScheduleView } from "../schedule/schedule-view.ts";
import { setScheduleActive } from "../schedule/set-schedule.ts";
import { viewSchedules } from "../schedule/view-schedules.ts";
import type { StoredSchedule } from "../state/schedule.ts";

const pipeline = z.string().min(1);
const backfill = z.string().min(1);
const retryFailed = z.boolean().default(false);

/** The requests that operators can make about schedules, and about backfills. */
export const scheduleRequests = [
  z.strictObject({
    action: z.literal("schedule"),
    pipeline,
    name: z.string().min(1).default("default"),
    active: z.boolean(),
  }),
  z.strictObject({
    action: z.literal("schedules"),
    /** How many next runs to list for each schedule. */
    upcoming: z.int().min(0).max(100).default(3),
  }),
  z.strictObject({
    action: z.literal("backfill"),
    pipeline,
    /** Inclusive; a date in the time zone, or a time with an offset. */
    from: z.string().min(1),
    /** Exclusive. */
    to: z.string().min(1),
    every: z.enum(backfillIntervals).optional(),
    /** Instead of `every`: the times of one of the pipeline's schedules. */
    schedule: z.string().min(1).optional(),
    timezone: z.string().min(1).optional(),
    params: (z.record(z.string(), z.json()) as z.ZodType<{ [name: string]: Json }>).optional(),
    /** Maximum number of runs under way at once. */
    concurrency: z.int().min(1).max(maxConcurrency).default(usualConcurrency),
    /** Whether to reopen runs that failed. */
    retryFailed,
    /** Whether to only say what it would do. */
    dryRun: z.boolean().default(false),
  }),
  z.strictObject({ action: z.literal("backfill-cancel"), backfill }),
  z.strictObject({ action: z.literal("backfill-resume"), backfill, retryFailed }),
  z.strictObject({ action: z.literal("backfill-progress"), backfill }),
  z.strictObject({ action: z.literal("backfills"), limit: z.int().min(1).max(100).default(20) }),
] as const;
type ScheduleRequest = z.output<(typeof scheduleRequests)[number]>;

/** The answers about schedules and backfills. */
export type ScheduleAnswer =
  | StoredSchedule
  | ScheduleView[]
  | BackfillView
  | BackfillView[]
  | BackfillPreview;

type RequestFields<A extends ScheduleRequest["action"]> = Omit<
  Extract<ScheduleRequest, { action: A }>,
  "action"
>;

/**
 * The action for each request about schedules and backfills. Each one documents its own errors; nothing was done then.
 */
export const scheduleActions: {
  readonly [A in ScheduleRequest["action"]]: (
    engine: Engine,
    fields: RequestFields<A>,
  ) => Promise<ScheduleAnswer>;
} = {
  schedule: setScheduleActive,
  schedules: (engine, { upcoming }) => viewSchedules(engine, upcoming),
  backfill: async (engine, { dryRun, ...request }) =>
    dryRun
      ? previewBackfill(engine, given(request))
      : viewBackfill(await startBackfill(engine, given(request))),
  "backfill-cancel": async (engine, { backfill }) => viewBackfill(await cancelBackfill(engine, backfill)),
  "backfill-resume": async (engine, { backfill, retryFailed }) =>
    viewBackfill(await resumeBackfill(engine, backfill, retryFailed)),
  "backfill-progress": async (engine, { backfill }) => viewBackfill(await driveAndRead(engine, backfill)),
  backfills: async (engine, { limit }) => (await engine.backfills.list(limit)).map(viewBackfill),
};
