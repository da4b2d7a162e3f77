import * as z from "zod";
import type { Json, JsonObject } from "./json.ts";
import { type Mistaken, mistakesIn, type OptionNames } from "./known-options.ts";
import { isTimeZone } from "./time-zone.ts";

/**
 * What happens to times that nothing handled because the tick couldn't run for minutes: `latest` starts a run for the
 * last of them, `all` starts one for each, `skip` starts none.
 */
export type Missed = "skip" | "latest" | "all";

/** The length of an interval. Days are calendar dates: a clock on the wall shows the same time on each. */
export type IntervalLength =
  | { readonly minutes: number }
  | { readonly hours: number }
  | { readonly days: number };

type ScheduleFacts = Mistaken & {
  /** Unique among the pipeline's schedules. */
  readonly name: string;
  /** Name of a time zone (IANA), or `stage` for the stage's time zone. */
  readonly timezone: string;
  /** Whether, or in which stages, it is on when first registered. After that, the toggle in the table decides. */
  readonly active: boolean | readonly string[];
  readonly params: Json;
  /** Only times before this one count, ISO 8601; all times if omitted. */
  readonly end?: string;
  readonly missed: Missed;
};

/** Starts runs at the times that a cron expression names. */
export type CronTrigger = ScheduleFacts & { readonly kind: "cron"; readonly expression: string };

/** Starts runs at regular intervals. */
export type IntervalTrigger = ScheduleFacts & {
  readonly kind: "interval";
  readonly every: IntervalLength;
  /** One of the trigger's times, ISO 8601; the others follow from it. */
  readonly anchor: string;
};

/** Starts runs by the clock. */
export type ScheduleTrigger = CronTrigger | IntervalTrigger;

/** Options that every schedule has. */
export type ScheduleOptions = {
  /** `default` if omitted; a pipeline with several schedules names them. */
  name?: string;
  /** IANA; the stage's time zone if omitted. */
  timezone?: string;
  /** Whether, or in which stages, it is on when first deployed; on in all stages if omitted. */
  active?: boolean | readonly string[];
  params?: JsonObject;
  /** No run is started for this time or a later one. ISO 8601 with an offset or Z. */
  end?: string;
  /** What happens to missed times; `latest` if omitted. */
  missed?: Missed;
};

const optionNames: OptionNames<ScheduleOptions> = {
  name: true,
  timezone: true,
  active: true,
  params: true,
  end: true,
  missed: true,
};

function factsOf(options: ScheduleOptions): ScheduleFacts {
  const {
    name = "default",
    timezone = "stage",
    active = true,
    params = {},
    missed = "latest",
    end,
  } = options;
  return { name, timezone, active, params, missed, ...(end !== undefined && { end }) };
}

/**
 * A run at each time that a cron expression names: `minute hour day month weekday`, as crontab(5).
 *
 * @example
 * ```ts
 * cron("0 3 * * *", { timezone: "Europe/Berlin", active: ["prod"], params: { month: "2021-10" } })
 * ```
 */
export function cron(expression: string, options: ScheduleOptions = {}): CronTrigger {
  return Object.freeze({
    kind: "cron",
    expression,
    ...factsOf(options),
    ...mistakesIn(options, optionNames),
  });
}

/**
 * A run every N minutes, hours or days, counted from `anchor` in both directions (ISO 8601 with an offset or Z; the
 * start of 1970 in UTC if omitted). Intervals of days keep the anchor's wall-clock time in the time zone.
 */
export function interval(
  options: ScheduleOptions & { every: IntervalLength; anchor?: string },
): IntervalTrigger {
  const { every, anchor = "1970-01-01T00:00:00Z" } = options;
  return Object.freeze({
    kind: "interval",
    every,
    anchor,
    ...factsOf(options),
    ...mistakesIn(options, { every: true, anchor: true, ...optionNames }),
  });
}

const scheduleKinds: Readonly<Record<ScheduleTrigger["kind"], true>> = { cron: true, interval: true };

/** Whether a trigger is a schedule. */
export function isSchedule(trigger: { readonly kind: string }): trigger is ScheduleTrigger {
  return Object.hasOwn(scheduleKinds, trigger.kind);
}

const moment = z.iso.datetime({ offset: true });
const lengths = ["minutes", "hours", "days"] as const;

function checkInterval({ every, anchor }: IntervalTrigger): string[] {
  const problems: string[] = [];
  const given = Object.entries(every);
  const [[unit = "", count = 0] = []] = given;
  if (
    given.length !== 1 ||
    !lengths.some((length) => length === unit) ||
    !(Number.isInteger(count) && count > 0)
  ) {
    problems.push(
      `every is ${JSON.stringify(every)}; it is one of { minutes }, { hours } and { days }, a whole number from 1`,
    );
  }
  if (!moment.safeParse(anchor).success || Date.parse(anchor) % 60_000 !== 0) {
    problems.push(`anchor "${anchor}" is no time of whole minutes such as 2021-10-04T09:00:00+02:00`);
  }
  return problems;
}

/** Everything that is wrong with a schedule and its parameters. `checkTimes` checks the cron expressions. */
export function checkSchedule(trigger: ScheduleTrigger, schema: z.ZodType): string[] {
  const { active, end, missed, params, timezone } = trigger;
  const problems = trigger.kind === "cron" ? [] : checkInterval(trigger);
  if (timezone !== "stage" && !isTimeZone(timezone)) {
    problems.push(`time zone "${timezone}" is not known; name one such as Europe/Berlin`);
  }
  if (typeof active !== "boolean" && active.length === 0) {
    problems.push("active lists no stage; say false for a schedule that is off everywhere");
  }
  if (end !== undefined && !moment.safeParse(end).success) {
    problems.push(`end "${end}" is no time such as 2022-01-01T00:00:00Z`);
  }
  if (!["skip", "latest", "all"].includes(missed)) {
    problems.push(`missed is "${missed}"; it is skip, latest or all`);
  }
  for (const { path, message } of schema.safeParse(params).error?.issues ?? []) {
    problems.push(`${["params", ...path].join(".")}: ${message}`);
  }
  return problems;
}
