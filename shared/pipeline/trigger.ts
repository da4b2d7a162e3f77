import type * as z from "zod";
import type { Pipeline, RunFacts } from "./define-pipeline.ts";
import type { DefinitionProblem } from "./graph.ts";
import type { Json, JsonObject } from "./json.ts";
import { type Mistaken, mistakesIn } from "./known-options.ts";
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
export type ObjectTrigger = Mistaken & {
  readonly kind: "object";
  readonly prefix: string;
  /** How a key may end. */
  readonly suffixes: readonly string[];
  /** The run's parameters for an object; what it leaves out takes its default. */
  readonly params: (object: LandedObject) => JsonObject;
};

/** The stage that a run is in, as a trigger is told of it. */
export type StageFacts = {
  /** `dev`, `prod`, … */
  readonly name: string;
  /** Whether it has GPUs: `gpus` in `serverless.yml`. */
  readonly gpus: boolean;
};

/** A run that succeeded, as what follows it is told of it. Times are ISO 8601 in UTC. */
export type SucceededRun<P = Json, R = Json> = RunFacts & {
  startedAt: string;
  endedAt: string;
  params: P;
  /** What the pipeline's definition returned, as a step that ran it as a child would get it. */
  result: R;
  /** Where it ran, and what follows it will run. */
  stage: StageFacts;
};

/** Starts a run for each run of another pipeline that succeeded. */
export type RunTrigger = Mistaken & {
  readonly kind: "run";
  readonly pipeline: Pipeline;
  /** The run's parameters for a run that succeeded; what it leaves out takes its default. */
  readonly params: (run: SucceededRun) => JsonObject;
};

export type Trigger = ObjectTrigger | RunTrigger | ScheduleTrigger;

/**
 * A run for each object that lands under a prefix of the data bucket and ends in `suffix`, or in one of a list of them.
 * The prefix is under `raw/`.
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
 * A run for each run of another pipeline that succeeded, whatever started that one; for the same time as it. A run
 * succeeds once, so it starts one run here, however often it was retried before.
 *
 * @param params of the new run. It should follow from what it is given alone: it may be asked again.
 */
export function runSucceeded<P extends z.ZodType<Json>, R>(options: {
  pipeline: Pipeline<P, R>;
  params: (run: SucceededRun<z.output<P>, R>) => JsonObject;
}): RunTrigger {
  // Types are checked here, where pipeline and function meet; the engine later calls it with what the run left.
  const { pipeline, params } = options as unknown as Pick<RunTrigger, "pipeline" | "params">;
  const mistakes = mistakesIn(options, { pipeline: true, params: true });
  return Object.freeze({ kind: "run", pipeline, params, ...mistakes });
}

/** Everything that is wrong with a pipeline's triggers. */
export function checkTriggers(triggers: readonly Trigger[], params: z.ZodType): DefinitionProblem[] {
  const names = new Set<string>();
  const followed = new Set<string>();
  return triggers.flatMap((trigger, place) => {
    const problems = [
      ...(trigger.mistakes ?? []),
      ...(isSchedule(trigger) ? checkSchedule(trigger, params) : []),
    ];
    if (trigger.kind === "object" && !trigger.prefix.startsWith("raw/")) {
      problems.push(
        `prefix "${trigger.prefix}": the bucket tells of objects under raw/ only; drop data there`,
      );
    }
    if (trigger.kind === "object" && trigger.suffixes.length === 0) {
      problems.push("suffix lists no ending, so no object would ever fit; leave it out to take every object");
    }
    if (trigger.kind === "run") {
      const { name } = trigger.pipeline;
      if (followed.has(name))
        problems.push(`another trigger follows "${name}"; a run that succeeded starts one run here`);
      followed.add(name);
    }
    if (isSchedule(trigger)) {
      if (names.has(trigger.name))
        problems.push(`another schedule is named "${trigger.name}"; give each a name`);
      names.add(trigger.name);
    }
    return problems.map((problem) => ({ field: `triggers.${place}`, problem }));
  });
}
