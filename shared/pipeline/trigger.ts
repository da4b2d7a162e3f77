import type * as z from "zod";
import type { DefinitionProblem } from "./graph.ts";
import type { JsonObject } from "./json.ts";
import { checkSchedule, isSchedule, type ScheduleTrigger } from "./schedule-trigger.ts";

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

export type Trigger = ObjectTrigger | ScheduleTrigger;

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

/** Everything that is wrong with a pipeline's triggers. */
export function checkTriggers(triggers: readonly Trigger[], params: z.ZodType): DefinitionProblem[] {
  const names = new Set<string>();
  return triggers.flatMap((trigger, place) => {
    const problems = isSchedule(trigger) ? checkSchedule(trigger, params) : [];
    if (trigger.kind === "object" && !trigger.prefix.startsWith("raw/")) {
      problems.push(
        `prefix "${trigger.prefix}": the bucket tells of objects under raw/ only; drop data there`,
      );
    }
    if (trigger.kind === "object" && trigger.suffixes.length === 0) {
      problems.push("suffix lists no ending, so no object would ever fit; leave it out to take every object");
    }
    if (isSchedule(trigger)) {
      if (names.has(trigger.name))
        problems.push(`another schedule is named "${trigger.name}"; give each a name`);
      names.add(trigger.name);
    }
    return problems.map((problem) => ({ field: `triggers.${place}`, problem }));
  });
}
