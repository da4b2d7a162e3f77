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
  /** How a key may end. */
  readonly suffixes: readonly string[];
  /** The run's parameters for an object; what it leaves out takes its default. */
  readonly params: (object: LandedObject) => JsonObject;
};

/** Starts runs by the clock. */
export type CronTrigger = {
  readonly kind: "cron";
  readonly name: string;
  readonly expression: string;
  /** Name of a time zone (IANA), or `stage` for that of the stage. */
  readonly timezone: string;
  /** Whether, or in which stages, it is on when first registered; later the toggle in the table decides. */
  readonly active: boolean | readonly string[];
  readonly params: Json;
};

export type Trigger = ObjectTrigger | CronTrigger;

/**
 * A run for each object that lands under a prefix of the data bucket and ends in `suffix`, or in one of a list of them.
 * The prefix is under `raw/`.
 */
export function objectCreated(options: {
  prefix: string;
  suffix?: string | readonly string[];
  params: (object: LandedObject) => JsonObject;
}): ObjectTrigger {
  const { prefix, suffix = "", params } = options;
  const suffixes = typeof suffix === "string" ? [suffix] : [...suffix];
  return Object.freeze({ kind: "object", prefix, suffixes, params });
}

/**
 * A run at each time that a cron expression names: `minute hour day month weekday`, as crontab(5), in a time zone; in
 * that of the stage when left out. `active` says whether, or in which stages, it is on when first deployed; on in all
 * when left out. A pipeline with several schedules names them.
 */
export function cron(
  expression: string,
  options: {
    name?: string;
    timezone?: string;
    active?: boolean | readonly string[];
    params?: JsonObject;
  } = {},
): CronTrigger {
  const { name = "default", timezone = "stage", active = true, params = {} } = options;
  return Object.freeze({ kind: "cron", name, expression, timezone, active, params });
}

/** The first time that a schedule names after another, undefined when there is none. @param stage whose zone counts */
export function nextTimeOf(
  { expression, timezone }: Pick<CronTrigger, "expression" | "timezone">,
  after: Date,
  stage: { readonly timezone: string },
): Date | undefined {
  const zone = timezone === "stage" ? stage.timezone : timezone;
  return new Cron(expression, { timezone: zone, mode: "5-part", paused: true }).nextRun(after) ?? undefined;
}

function checkCron({ expression, timezone, active, params }: CronTrigger, schema: z.ZodType): string[] {
  const problems: string[] = [];
  try {
    // Any time and zone will do to find out whether there is a next one; clock and stage are not ours to ask here.
    const next = nextTimeOf({ expression, timezone }, new Date(0), { timezone: "UTC" });
    if (next === undefined) problems.push(`cron "${expression}" names no time at all`);
  } catch (error) {
    const zone = timezone === "stage" ? "" : ` in time zone "${timezone}"`;
    problems.push(`cron "${expression}"${zone}: ${(error as Error).message}`);
  }
  if (typeof active !== "boolean" && active.length === 0) {
    problems.push("active lists no stage; say false for a schedule that is off everywhere");
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
    if (trigger.kind === "object" && trigger.suffixes.length === 0) {
      problems.push("suffix lists no ending, so no object would ever fit; leave it out to take every object");
    }
    if (trigger.kind === "cron") {
      if (names.has(trigger.name))
        problems.push(`another schedule is named "${trigger.name}"; give each a name`);
      names.add(trigger.name);
    }
    return problems.map((problem) => ({ field: `triggers.${place}`, problem }));
  });
}
