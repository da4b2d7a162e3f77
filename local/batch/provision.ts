import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { JobDefinition } from "./job.ts";
import { jobDefinitions } from "./job-definitions.ts";
import * as requests from "./requests.ts";
import type { BatchResources } from "./resources.ts";

const COMPUTE_ENVIRONMENT = "local";

/** The queues, by the names that the functions use for the stage `local`. */
const QUEUES = ["cpu", "gpu", "cpu-on-demand", "gpu-on-demand"];

/**
 * Creates what the template creates on AWS but the local CloudFormation can't: a compute environment with this
 * machine's cores for all queues, the queues, and a definition for each family of jobs. Leaves existing ones alone.
 */
export function provision(resources: BatchResources, config: { vcpus: number; jobs: string }): void {
  if (resources.describeEnvironments([COMPUTE_ENVIRONMENT]).length === 0) {
    resources.createEnvironment({
      computeEnvironmentName: COMPUTE_ENVIRONMENT,
      type: "MANAGED",
      state: "ENABLED",
      computeResources: { type: "EC2", maxvCpus: config.vcpus },
    });
  }
  for (const jobQueueName of QUEUES) {
    if (resources.queue(jobQueueName) !== undefined) continue;
    const computeEnvironmentOrder = [{ order: 1, computeEnvironment: COMPUTE_ENVIRONMENT }];
    resources.createQueue({ jobQueueName, state: "ENABLED", priority: 1, computeEnvironmentOrder, tags: {} });
  }
  for (const definition of jobDefinitions(path.dirname(config.jobs))) {
    const wanted = requests.parseRequest(requests.registerJobDefinition, definition);
    if (!says(resources.definition(wanted.jobDefinitionName), wanted)) resources.registerDefinition(wanted);
  }
}

/** Whether a definition matches the wanted one; the fields that registration adds don't count. */
function says(have: JobDefinition | undefined, wanted: object): boolean {
  return Object.entries(wanted).every(([field, value]) =>
    isDeepStrictEqual((have as Record<string, unknown> | undefined)?.[field], value),
  );
}
