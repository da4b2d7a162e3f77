import * as z from "zod";
import { alarmResources } from "./alarm-resources.ts";
import { budgetResources } from "./budget.ts";
import { consolePolicies } from "./console-policies.ts";
import { dashboardResource } from "./dashboard-resource.ts";
import { preparedQueries } from "./prepared-queries.ts";
import type { StackName } from "./stack-metric.ts";

/** The settings of a stage in serverless.yml that alarms and dashboard depend on. */
const stageSettings = z.object({
  allAlarms: z.boolean(),
  stepTimeout: z.int().positive(),
  monthlyBudget: z.number().positive().nullable(),
});

/** Seconds after which Lambda ends the function tick, whose next one comes in the next minute. */
const tickTimeout = 55;

/**
 * Alarms, dashboard, prepared queries and budget of a stage, and the policies of people who look at them.
 *
 * @param settings the stage's entry under `custom.stages` in serverless.yml
 * @throws ZodError if a setting is missing or wrong
 */
export function observability(
  stack: StackName,
  settings: unknown,
): { Resources: Record<string, unknown>; Outputs: Record<string, unknown> } {
  const { allAlarms, stepTimeout, monthlyBudget } = stageSettings.parse(settings);
  const stage = { ...stack, allAlarms };
  const timeouts = { step: stepTimeout, "step-large": stepTimeout, tick: tickTimeout };
  const policies = consolePolicies(stack);
  return {
    Resources: {
      ...policies.Resources,
      ...alarmResources(stage),
      Dashboard: dashboardResource({ ...stage, timeouts }),
      ...preparedQueries(stack),
      ...budgetResources(stack, monthlyBudget ?? undefined),
    },
    Outputs: policies.Outputs,
  };
}
