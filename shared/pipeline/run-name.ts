import type * as z from "zod";
import type { DefinitionProblem } from "./graph.ts";
import { isJsonObject, type Json } from "./json.ts";
import { fieldMissing } from "./schema-path.ts";
import { isTimeZone, type WallTime, wallTime } from "./time-zone.ts";

/**
 * How runs are named: a text with fields in braces, and the time zone of its dates. The fields are `{pipeline}`, parts
 * of the scheduled time (`{yyyy}`, `{MM}`, `{dd}`, `{HH}`, `{mm}`, `{ss}`) and parameters (`{params.month}`).
 */
export type RunNameTemplate = {
  readonly template: string;
  /** Name of a time zone (IANA), or `stage` for the stage's time zone. */
  readonly timezone: string;
};

/** Maximum length of a run's name in characters; longer names are cut. */
export const maxRunName = 200;

const field = /\{([^{}]*)\}/g;
const datePart = /^(?:yyyy|MM|dd|HH|mm|ss)$/;
const parameter = /^params((?:\.[A-Za-z_][A-Za-z0-9_]*)+)$/;

/** The path of a parameter's field, as in `params.data.month`; undefined for any other field. */
function parameterPath(name: string): string[] | undefined {
  return parameter.exec(name)?.[1]?.slice(1).split(".");
}

function problemOf(name: string, params: z.ZodType): string | undefined {
  if (name === "pipeline" || datePart.test(name)) return undefined;
  const path = parameterPath(name);
  if (path === undefined) {
    return `has no field "{${name}}"; there are {pipeline}, {yyyy}, {MM}, {dd}, {HH}, {mm}, {ss} and {params.NAME}`;
  }
  const missing = fieldMissing(params, path);
  return missing === undefined ? undefined : `{${name}}: params has no field "${missing}"`;
}

/** Everything that is wrong with a template. */
export function checkRunName(
  { template, timezone }: RunNameTemplate,
  params: z.ZodType,
): DefinitionProblem[] {
  const problems = [...template.matchAll(field)].flatMap(([, name = ""]) => problemOf(name, params) ?? []);
  if (/[{}]/.test(template.replace(field, ""))) problems.push("has a brace without its other");
  if (template.trim() === "")
    problems.push("is empty; leave it out for the name that runs have by themselves");
  if (timezone !== "stage" && !isTimeZone(timezone)) {
    problems.push(`timezone "${timezone}" is not known; name one such as Europe/Berlin, or "stage"`);
  }
  return problems.map((problem) => ({ field: "runName", problem }));
}

/** A parameter as part of a name: text is unchanged, null is empty, everything else is JSON. */
function parameterText(params: Json, path: readonly string[]): string {
  let value: Json = params;
  for (const part of path) value = isJsonObject(value) ? (value[part] ?? null) : null;
  if (value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * The name of a run.
 *
 * @param run its pipeline, its parameters, and its scheduled time in ISO 8601
 * @param stageTimezone the time zone that `stage` stands for
 */
export function runNameFrom(
  { template, timezone }: RunNameTemplate,
  run: { pipeline: string; params: Json; scheduledAt: string },
  stageTimezone: string,
): string {
  const time = wallTime(Date.parse(run.scheduledAt), timezone === "stage" ? stageTimezone : timezone);
  const name = template.replace(field, (whole, name: string) => {
    if (name === "pipeline") return run.pipeline;
    if (datePart.test(name)) return time[name as keyof WallTime];
    const path = parameterPath(name);
    return path === undefined ? whole : parameterText(run.params, path);
  });
  return name.slice(0, maxRunName);
}
