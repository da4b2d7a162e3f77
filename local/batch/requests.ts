import { z } from "zod";
import { ClientError } from "./errors.ts";
import { JOB_STATUSES } from "./job.ts";

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, "must be 1 to 128 letters, digits, hyphens and underscores");
const nameValue = z.object({
  name: z.string().default(""),
  value: z.string().default(""),
});
const environment = z.array(
  nameValue.refine(
    (entry) => !entry.name.startsWith("AWS_BATCH"),
    "names starting with AWS_BATCH are reserved",
  ),
);
const resourceRequirements = z.array(
  z.object({ type: z.enum(["VCPU", "MEMORY", "GPU"]), value: z.string().regex(/^\d+(\.\d+)?$/) }),
);
const pattern = z
  .string()
  .max(512)
  .regex(/^[^*]*\*?$/, "may hold an asterisk at its end only");
const tags = z.record(z.string(), z.string());

const retryStrategy = z.object({
  attempts: z.int().min(1).max(10).default(1),
  evaluateOnExit: z
    .array(
      z.object({
        action: z
          .string()
          .transform((action) => action.toUpperCase())
          .pipe(z.enum(["RETRY", "EXIT"])),
        onStatusReason: pattern.optional(),
        onReason: pattern.optional(),
        onExitCode: pattern.regex(/^\d*\*?$/, "may hold digits and an asterisk at its end").optional(),
      }),
    )
    .max(5)
    .default([]),
});

/** AWS refuses an attempt timeout below 60 s; tests can lower that limit of the server (`minimumTimeoutSeconds`). */
const timeout = z.object({ attemptDurationSeconds: z.int().min(1) });

const containerProperties = z.object({
  image: z.string().min(1),
  command: z.array(z.string()).default([]),
  environment: environment.default([]),
  resourceRequirements: resourceRequirements.default([]),
  jobRoleArn: z.string().optional(),
  executionRoleArn: z.string().optional(),
});

export const registerJobDefinition = z.object({
  jobDefinitionName: name,
  type: z.literal("container"),
  parameters: z.record(z.string(), z.string()).default({}),
  containerProperties,
  retryStrategy: retryStrategy.optional(),
  timeout: timeout.optional(),
  tags: tags.default({}),
});

export const describeJobDefinitions = z.object({
  jobDefinitions: z.array(z.string()).max(100).optional(),
  jobDefinitionName: z.string().optional(),
  status: z.string().optional(),
  maxResults: z.int().min(1).max(100).default(100),
  nextToken: z.string().optional(),
});

export const deregisterJobDefinition = z.object({ jobDefinition: z.string().min(1) });

export const createComputeEnvironment = z.object({
  computeEnvironmentName: name,
  type: z.enum(["MANAGED", "UNMANAGED"]),
  state: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  computeResources: z.object({ type: z.string(), maxvCpus: z.int().min(1) }),
});

export const describeComputeEnvironments = z.object({ computeEnvironments: z.array(z.string()).optional() });

export const createJobQueue = z.object({
  jobQueueName: name,
  state: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  priority: z.int().min(0),
  computeEnvironmentOrder: z
    .array(z.object({ order: z.int(), computeEnvironment: z.string().min(1) }))
    .min(1)
    .max(3),
  tags: tags.default({}),
});

export const describeJobQueues = z.object({ jobQueues: z.array(z.string()).optional() });

export const submitJob = z.object({
  jobName: name,
  jobQueue: z.string().min(1),
  jobDefinition: z.string().min(1),
  parameters: z.record(z.string(), z.string()).default({}),
  containerOverrides: z
    .object({
      command: z.array(z.string()).optional(),
      environment: environment.optional(),
      resourceRequirements: resourceRequirements.optional(),
    })
    .default({}),
  arrayProperties: z.object({ size: z.int().min(2).max(10_000) }).optional(),
  dependsOn: z
    .array(z.object({ jobId: z.string().optional(), type: z.enum(["N_TO_N", "SEQUENTIAL"]).optional() }))
    .max(20)
    .default([]),
  retryStrategy: retryStrategy.optional(),
  timeout: timeout.optional(),
  tags: tags.default({}),
  propagateTags: z.boolean().optional(),
  shareIdentifier: z.string().optional(),
  schedulingPriorityOverride: z.int().optional(),
});

export const listJobs = z.object({
  jobQueue: z.string().optional(),
  arrayJobId: z.string().optional(),
  multiNodeJobId: z.string().optional(),
  jobStatus: z.enum(JOB_STATUSES).optional(),
  maxResults: z.int().min(1).max(100).default(100),
  nextToken: z.string().optional(),
  filters: z
    .array(
      z.object({
        name: z.enum(["JOB_NAME", "JOB_DEFINITION", "BEFORE_CREATED_AT", "AFTER_CREATED_AT"]),
        values: z.array(z.string()).min(1),
      }),
    )
    .max(1)
    .optional(),
});

export const describeJobs = z.object({ jobs: z.array(z.string()).max(100) });

export const endJob = z.object({ jobId: z.string().min(1), reason: z.string().min(1).max(1024) });

/**
 * Parses a request's body with its schema.
 * @throws {ClientError} that names each field that is wrong
 */
export function parseRequest<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    (issue) => `${issue.path.join(".") || "request"}: ${issue.message}`,
  );
  throw new ClientError(`Error executing request, Exception : ${problems.join("; ")}`);
}
