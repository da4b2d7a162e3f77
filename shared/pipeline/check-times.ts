import { PipelineDefinitionError } from "./define-pipeline.ts";
import type { DefinitionProblem } from "./graph.ts";
import type { Pipeline } from "./pipeline.ts";
import { type CronTrigger, isSchedule } from "./schedule-trigger.ts";
import { nextTimeOf } from "./timetable.ts";

function problemOf({ kind, expression, timezone }: CronTrigger): string | undefined {
  try {
    // Any time and zone can show whether there is a next time, so this needs neither the clock nor the stage.
    const next = nextTimeOf({ kind, expression, timezone }, new Date(0), { timezone: "UTC" });
    return next === undefined ? `cron "${expression}" names no time at all` : undefined;
  } catch (error) {
    return `cron "${expression}": ${(error as Error).message}`;
  }
}

/**
 * Checks that the cron expressions of a pipeline's schedules name times. It is separate from `definePipeline`, which
 * every function calls at its start, because only the tick and the managing function need the cron library. Packaging
 * and `testPipeline` call it, so an expression that fails is never deployed.
 *
 * @throws PipelineDefinitionError with every expression that names no time
 */
export function checkTimes({ name, triggers }: Pick<Pipeline, "name" | "triggers">): void {
  const problems = triggers.flatMap((trigger, place): DefinitionProblem[] => {
    const problem = isSchedule(trigger) && trigger.kind === "cron" ? problemOf(trigger) : undefined;
    return problem === undefined ? [] : [{ field: `triggers.${place}`, problem }];
  });
  if (problems.length > 0) throw new PipelineDefinitionError(name, problems);
}
