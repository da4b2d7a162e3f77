import { Cron } from "croner";
import type * as z from "zod";
import type { DefinitionProblem } from "./graph.ts";
import type { Json, JsonObject } from "./json.ts";

/** An object that landed in the data bucket, as an S3 event tells of it. */
export type LandedObject = {
  uri: string;
  bucket: string;
  /** Decoded: as the uploader wrote it. */
  key: string;
  versionId?: string;
  bytes: number;
  /** ISO 8601, from the event. */
  at: string;
};

/** Starts a run for each object under a prefix. */
export type ObjectTrigger = {
  readonly kind: "object";
  readonly prefix: string;
  readonly suffix: string;
  /** The run's parameters for an object; what it leaves out takes its default. */
  readonly params: (object: LandedObject) => JsonObject;
};

/** Starts runs by the clock. */
export type CronTrigger = {
  readonly kind: "cron";
  readonly name: string;
  readonly expression: string;
  readonly timezone: string;
  /** Whether it is on when first registered; later the toggle in the table decides. */
  readonly active: boolean;
  readonly params: Json;
};

export type Trigger = ObjectTrigger | CronTrigger;

/** A run for each object that lands under a prefix of the data bucket (and ends in `suffix`). The prefix is under `raw/`. */
export function objectCreated(options: {
  prefix: string;
  suffix?: string;
  params: (object: LandedObject) => JsonObject;
}): ObjectTrigger {
  const { prefix, suffix = "", params } = options;
  return Object.freeze({ kind: "object", prefix, suffix, params });
}

/**
 * A run at each time that a cron expression names: `minute hour day month weekday`, as crontab(5). A pipeline with
 * several schedules names them.
 */
export function cron(
  expression: string,
  options: { name?: string; timezone?: string; active?: boolean; params?: JsonObject } = {},
): CronTrigger {
  const { name = "default", timezone = "UTC", active = true, params = {} } = options;
  return Object.freeze({ kind: "cron", name, expression, timezone, active, params });
}

function checkCron({ expression, timezone, params }: CronTrigger, schema: z.ZodType): string[] {
  const problems: string[] = [];
  try {
    // Any time will do to find out whether there is a next one; the clock is not ours to ask here.
    const next = new Cron(expression, { timezone, mode: "5-part", paused: true }).nextRun(new Date(0));
    if (next === null) problems.push(`cron "${expression}" names no time at all`);
  } catch (error) {
    problems.push(`cron "${expression}" in time zone "${timezone}": ${(error as Error).message}`);
  }
  for (const { path, message } of schema.safeParse(params).error?.issues ?? []) {
    problems.push(`${["params", ...path].join(".")}: ${message}`);
  }
  return problems;
}

/** Everything that is wrong with a pipeline's triggers. */
export function checkTriggers(triggers: readonly Trigger[], params: z.ZodType): DefinitionProblem[] {
  const names = new Set<string>();
  return triggers.flatMap((trigger, place) => {
    const problems = trigger.kind === "cron" ? checkCron(trigger, params) : [];
    if (trigger.kind === "object" && !trigger.prefix.startsWith("raw/")) {
      problems.push(
        `prefix "${trigger.prefix}": the bucket tells of objects under raw/ only; drop data there`,
      );
    }
    if (trigger.kind === "cron") {
      if (names.has(trigger.name))
        problems.push(`another schedule is named "${trigger.name}"; give each a name`);
      names.add(trigger.name);
    }
    return problems.map((problem) => ({ field: `triggers.${place}`, problem }));
  });
}
