import { Cron } from "croner";
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

/** A trigger is wrong. */
export class TriggerDefinitionError extends Error {
  override readonly name = "TriggerDefinitionError";
}

/**
 * A run for each object that lands under a prefix of the data bucket (and ends in `suffix`).
 *
 * @throws TriggerDefinitionError when the prefix is not under `raw/`, the only place that S3 tells of
 */
export function objectCreated(options: {
  prefix: string;
  suffix?: string;
  params: (object: LandedObject) => JsonObject;
}): ObjectTrigger {
  if (!options.prefix.startsWith("raw/")) {
    throw new TriggerDefinitionError(
      `objectCreated prefix "${options.prefix}": the bucket announces objects under raw/ only; drop data there`,
    );
  }
  return Object.freeze({
    kind: "object",
    prefix: options.prefix,
    suffix: options.suffix ?? "",
    params: options.params,
  });
}

/**
 * A run at each time that a cron expression names: `minute hour day month weekday`, as crontab(5).
 *
 * @throws TriggerDefinitionError for an expression or a time zone that does not exist
 */
export function cron(
  expression: string,
  options: { name?: string; timezone?: string; active?: boolean; params?: JsonObject } = {},
): CronTrigger {
  const { name = "default", timezone = "UTC", active = true, params = {} } = options;
  try {
    new Cron(expression, { timezone, mode: "5-part", paused: true }).nextRun(new Date(0));
  } catch (error) {
    throw new TriggerDefinitionError(
      `cron "${expression}" in time zone "${timezone}": ${(error as Error).message}`,
    );
  }
  return Object.freeze({ kind: "cron", name, expression, timezone, active, params });
}
