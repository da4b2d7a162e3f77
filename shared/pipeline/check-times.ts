import { PipelineDefinitionError } from "./define-pipeline.ts";
import type { DefinitionProblem } from "./graph.ts";
import type { Pipeline } from "./pipeline.ts";
import { type CronTrigger, isSchedule } from "./schedule-trigger.ts";
import { nextTimeOf } from "./timetable.ts";

function problemOf({ kind, expression, timezone }: CronTrigger): string | undefined {
  try {
    // Any time and zone will do to find out whether there is a next one; clock and stage are not ours to ask here.
    const next = nextTimeOf({ kind, expression, timezone }, new Date(0), { timezone: "UTC" });
    return next === undefined ? `cron "${expression}" names no time at all` : undefined;
  } catch (error) {
    return `cron "${expression}": ${(error as Error).message}`;
  }
}

/**
 * Looks whether the cron expressions of a pipeline's schedules name times. Apart from `definePipeline`, which every
 * function calls as it starts, because only the tick and the managing function need what knows them. Packaging calls it,
 * and `testPipeline`; so no other expression is ever deployed.
 *
 * @throws PipelineDefinitionError with every expression that names none
 */
export function checkTimes({ name, triggers }: Pick<Pipeline, "name" | "triggers">): void {
  const problems = triggers.flatMap((trigger, place): DefinitionProblem[] => {
    const problem = isSchedule(trigger) && trigger.kind === "cron" ? problemOf(trigger) : undefined;
    return problem === undefined ? [] : [{ field: `triggers.${place}`, problem }];
  });
  if (problems.length > 0) throw new PipelineDefinitionError(name, problems);
}
