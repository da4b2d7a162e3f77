import { z } from "zod";
import { jobFamilies } from "../../resources/job-families.ts";

const templateSchema = z.object({
  Type: z.literal("AWS::Batch::JobDefinition"),
  Properties: z.object({
    JobDefinitionName: z.string(),
    Timeout: z.object({ AttemptDurationSeconds: z.number() }),
    RetryStrategy: z.object({
      Attempts: z.number(),
      EvaluateOnExit: z.array(
        z.object({
          Action: z.string(),
          OnStatusReason: z.string().optional(),
          OnReason: z.string().optional(),
          OnExitCode: z.string().optional(),
        }),
      ),
    }),
    ContainerProperties: z.object({
      Command: z.array(z.string()),
      Environment: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
      ResourceRequirements: z.array(z.object({ Type: z.string(), Value: z.string() })),
    }),
  }),
});

const SERVICE = "millrace";
const STAGE = "local";
const PREFIX = `${SERVICE}-${STAGE}-`;

/** The family whose jobs a definition of the stage `local` describes; undefined for any other definition. */
export function familyOfDefinition(name: string): string | undefined {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;
}

/** The name of a family's definition of the stage `local`. */
export function definitionOfFamily(family: string): string {
  return PREFIX + family;
}

/** The request that registers a job definition. */
export type DefinitionRequest = {
  jobDefinitionName: string;
  type: "container";
  timeout: { attemptDurationSeconds: number };
  retryStrategy: {
    attempts: number;
    evaluateOnExit: { action: string; onStatusReason?: string; onReason?: string; onExitCode?: string }[];
  };
  containerProperties: {
    image: string;
    command: string[];
    environment: { name: string; value: string }[];
    resourceRequirements: { type: string; value: string }[];
  };
};

/**
 * The job definitions of the stage `local`, one for each family of Batch jobs. They come from the template for AWS, so
 * that retries, timeouts and defaults are the same here.
 *
 * @param root folder that holds `batch-jobs`
 */
export function jobDefinitions(root: string): DefinitionRequest[] {
  const template = jobFamilies(root, SERVICE, STAGE);
  return Object.values(template.Resources)
    .filter((resource) => (resource as { Type?: unknown }).Type === "AWS::Batch::JobDefinition")
    .map((resource) => {
      const { JobDefinitionName, Timeout, RetryStrategy, ContainerProperties } =
        templateSchema.parse(resource).Properties;
      return {
        jobDefinitionName: JobDefinitionName,
        type: "container",
        timeout: { attemptDurationSeconds: Timeout.AttemptDurationSeconds },
        retryStrategy: {
          attempts: RetryStrategy.Attempts,
          evaluateOnExit: RetryStrategy.EvaluateOnExit.map((rule) => ({
            action: rule.Action,
            ...(rule.OnStatusReason === undefined ? {} : { onStatusReason: rule.OnStatusReason }),
            ...(rule.OnReason === undefined ? {} : { onReason: rule.OnReason }),
            ...(rule.OnExitCode === undefined ? {} : { onExitCode: rule.OnExitCode }),
          })),
        },
        containerProperties: {
          image: `${JobDefinitionName}:working-tree`,
          command: ContainerProperties.Command,
          environment: ContainerProperties.Environment.map(({ Name, Value }) => ({
            name: Name,
            value: Value,
          })),
          resourceRequirements: ContainerProperties.ResourceRequirements.map(({ Type, Value }) => ({
            type: Type,
            value: Value,
          })),
        },
      };
    });
}
