import type * as z from "zod";
import type { DefinitionProblem } from "./graph.ts";
import type { Json, JsonObject } from "./json.ts";
import { mistakesIn } from "./known-options.ts";
import type { LandedObject, ObjectTrigger, Pipeline, RunTrigger, SucceededRun, Trigger } from "./pipeline.ts";
import { checkSchedule, type ScheduleTrigger } from "./schedule-trigger.ts";

/**
 * Starts a run for each object that lands under a prefix of the data bucket and ends in `suffix`, or in one of a list
 * of suffixes. The prefix must be under `raw/`.
 *
 * @example
 * ```ts
 * objectCreated({
 *   prefix: "raw/sales/",
 *   suffix: ".csv",
 *   params: ({ key }) => ({ month: key.slice(10, 17) }),
 * })
 * ```
 */
export function objectCreated(options: {
  prefix: string;
  suffix?: string | readonly string[];
  params: (object: LandedObject) => JsonObject;
}): ObjectTrigger {
  const { prefix, suffix = "", params } = options;
  const suffixes = typeof suffix === "string" ? [suffix] : [...suffix];
  const mistakes = mistakesIn(options, { prefix: true, suffix: true, params: true });
  return Object.freeze({ kind: "object", prefix, suffixes, params, ...mistakes });
}

/**
 * Starts a run for each successful run of another pipeline, whatever started that run, and with the same scheduled
 * time. A run succeeds once, so it starts one run here, however often it was retried before.
 *
 * @param params makes the new run's parameters. They should follow from the argument alone: the function may be called
 * again.
 */
export function runSucceeded<P extends z.ZodType<Json>, R>(options: {
  pipeline: Pipeline<P, R>;
  params: (run: SucceededRun<z.output<P>, R>) => JsonObject;
}): RunTrigger {
  // Types are checked here, where pipeline and function meet; the engine later calls the function with the stored run.
  const { pipeline, params } = options as unknown as Pick<RunTrigger, "pipeline" | "params">;
  const mistakes = mistakesIn(options, { pipeline: true, params: true });
  return Object.freeze({ kind: "run", pipeline, params, ...mistakes });
}

/** The checks for one kind of trigger. */
type TriggerRules<T extends Trigger> = {
  /** Everything that is wrong with the trigger by itself. @param params the schema of the pipeline's parameters */
  readonly problems: (trigger: T, params: z.ZodType) => string[];
  /** The key that may occur only once in a pipeline, and the problem that a second one is reported with. */
  readonly once?: (trigger: T) => { readonly key: string; readonly problem: string };
};

function objectProblems({ prefix, suffixes }: ObjectTrigger): string[] {
  const problems: string[] = [];
  if (!prefix.startsWith("raw/")) {
    problems.push(`prefix "${prefix}": the bucket tells of objects under raw/ only; drop data there`);
  }
  if (suffixes.length === 0) {
    problems.push("suffix lists no ending, so no object would ever fit; leave it out to take every object");
  }
  return problems;
}

const schedule: TriggerRules<ScheduleTrigger> = {
  problems: checkSchedule,
  once: ({ name }) => ({
    key: `schedule ${name}`,
    problem: `another schedule is named "${name}"; give each a name`,
  }),
};

const triggerRules: {
  readonly [K in Trigger["kind"]]: TriggerRules<Extract<Trigger, { kind: K }>>;
} = {
  object: { problems: objectProblems },
  run: {
    problems: () => [],
    once: ({ pipeline: { name } }) => ({
      key: `run ${name}`,
      problem: `another trigger follows "${name}"; a run that succeeded starts one run here`,
    }),
  },
  cron: schedule,
  interval: schedule,
};

function rulesOf<K extends Trigger["kind"]>(trigger: {
  readonly kind: K;
}): TriggerRules<Extract<Trigger, { kind: K }>> {
  return triggerRules[trigger.kind];
}

/** Everything that is wrong with a pipeline's triggers. */
export function checkTriggers(triggers: readonly Trigger[], params: z.ZodType): DefinitionProblem[] {
  const seen = new Set<string>();
  return triggers.flatMap((trigger, place) => {
    const rules = rulesOf(trigger);
    const problems = [...(trigger.mistakes ?? []), ...rules.problems(trigger, params)];
    const once = rules.once?.(trigger);
    if (once !== undefined && seen.has(once.key)) problems.push(once.problem);
    if (once !== undefined) seen.add(once.key);
    return problems.map((problem) => ({ field: `triggers.${place}`, problem }));
  });
}
