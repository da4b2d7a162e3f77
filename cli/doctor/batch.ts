import {
  BatchClient,
  type ComputeEnvironmentDetail,
  DescribeComputeEnvironmentsCommand,
  DescribeJobDefinitionsCommand,
  DescribeJobQueuesCommand,
  type JobQueueDetail,
} from "@aws-sdk/client-batch";
import { DescribeImagesCommand, ECRClient } from "@aws-sdk/client-ecr";
import { GetServiceQuotaCommand, ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { pipelines } from "../../pipelines/index.ts";
import { repositoryName } from "../../resources/images/family.ts";
import { catalogueOf } from "../../shared/app/catalogue.ts";
import { deployCommand } from "./deployment.ts";
import { type Finding, fail, ok, type Stage, warn } from "./finding.ts";

/**
 * A deployed job family, with the image of its job definition and the digest that the registry has for the deployed
 * content.
 */
export type FamilyImage = { readonly family: string; readonly definition?: string; readonly digest?: string };

/** Whether jobs of a family can start. `commands` build the images and deploy them. */
export function familyFinding(
  { family, definition, digest }: FamilyImage,
  onAws: boolean,
  commands: { images: string; deploy: string },
): Finding {
  const both = `build and deploy: ${commands.images} && ${commands.deploy}`;
  if (definition === undefined)
    return fail("jobs", `${family} has no job definition`, `deploy: ${commands.deploy}`);
  if (!onAws) return ok("jobs", `${family} has its job definition`);
  if (digest === undefined)
    return fail("jobs", `the image of ${family}, as it was deployed, is not in the registry`, both);
  if (!definition.endsWith(`@${digest}`)) {
    return warn("jobs", `the job definition of ${family} names another image than its content has`, both);
  }
  return ok("jobs", `${family} has its job definition and image`);
}

async function digestOf(client: ECRClient, family: string, imageTag: string): Promise<string | undefined> {
  try {
    const request = { repositoryName: repositoryName(family), imageIds: [{ imageTag }] };
    const { imageDetails = [] } = await client.send(new DescribeImagesCommand(request));
    return imageDetails[0]?.imageDigest;
  } catch (error) {
    const missing = ["ImageNotFoundException", "RepositoryNotFoundException"];
    if (error instanceof Error && missing.includes(error.name)) return undefined;
    throw error;
  }
}

/** Checks whether the jobs of each deployed family have their definition and their image. */
export async function checkFamilies({ target, batch, environment }: Stage): Promise<Finding[]> {
  const { stage, config } = target;
  const onAws = stage !== "local";
  const client = new BatchClient(batch);
  const registry = new ECRClient(config);
  const commands = {
    images: `npm run images -- --stage ${stage} --region ${config.region}`,
    deploy: deployCommand(target),
  };
  const looks = Object.entries(environment.JOB_VERSIONS).map(async ([family, tag]) => {
    const jobDefinitionName = `${environment.BATCH_JOB_DEFINITION_PREFIX}${family}`;
    const { jobDefinitions = [] } = await client.send(
      new DescribeJobDefinitionsCommand({ jobDefinitionName, status: "ACTIVE" }),
    );
    const newest = jobDefinitions.toSorted((a, b) => (b.revision ?? 0) - (a.revision ?? 0))[0];
    const digest = onAws ? await digestOf(registry, family, tag) : undefined;
    const image = newest && (newest.containerProperties?.image ?? "");
    const found = {
      family,
      ...(image !== undefined && { definition: image }),
      ...(digest !== undefined && { digest }),
    };
    return familyFinding(found, onAws, commands);
  });
  return Promise.all(looks);
}

/** Whether a job queue accepts jobs and has machines for them. */
export function queueFinding(
  name: string,
  queue: Pick<JobQueueDetail, "state" | "status" | "statusReason"> | undefined,
  environments: readonly ComputeEnvironmentDetail[],
): Finding {
  if (queue === undefined) return fail("machines", `queue ${name} does not exist`, "deploy the stage again");
  const { state, status, statusReason } = queue;
  if (state !== "ENABLED") {
    return fail(
      "machines",
      `queue ${name} is ${state}: its jobs wait`,
      "enable it: `aws batch update-job-queue --state ENABLED`",
    );
  }
  if (status !== "VALID") {
    return fail(
      "machines",
      `queue ${name} is ${status}: ${statusReason ?? "no reason is told"}`,
      "put that right: its jobs wait",
    );
  }
  const broken = environments.find((each) => each.state !== "ENABLED" || each.status !== "VALID");
  if (broken === undefined) return ok("machines", `queue ${name} takes jobs`);
  const { computeEnvironmentName, state: enabled, status: valid, statusReason: why } = broken;
  return fail(
    "machines",
    `queue ${name}: compute environment ${computeEnvironmentName} is ${enabled}, ${valid}${why === undefined ? "" : `: ${why}`}`,
    "put that right: jobs wait for machines that do not come",
  );
}

/** A limit of the account on vCPUs that run at once, as Service Quotas lists it for `ec2`. */
type VcpuQuota = { readonly code: string; readonly what: string };

const vcpuQuotas: Readonly<Record<"cpu" | "gpu", Readonly<Record<"SPOT" | "EC2", VcpuQuota>>>> = {
  cpu: {
    SPOT: { code: "L-34B43A08", what: "vCPUs of Spot machines" },
    EC2: { code: "L-1216C47A", what: "vCPUs of machines on demand" },
  },
  gpu: {
    SPOT: { code: "L-3819A6DF", what: "vCPUs of Spot machines with a GPU" },
    EC2: { code: "L-DB2E81BA", what: "vCPUs of machines with a GPU on demand" },
  },
};

/**
 * Whether an account may run as many vCPUs as a queue asks for. `needed`: whether a pipeline of this checkout uses the
 * queue.
 */
export function quotaFinding(
  { code, what }: VcpuQuota,
  quota: number,
  wanted: number,
  { needed, region }: { needed: boolean; region: string },
): Finding {
  const says = `${what}: the account may run ${quota}, the stage up to ${wanted}`;
  if (quota >= wanted) return ok("quotas", says);
  const ask = `ask for more: \`aws service-quotas request-service-quota-increase --service-code ec2 --quota-code ${code} --desired-value ${wanted} --region ${region}\``;
  if (quota === 0 && needed) return fail("quotas", `${says}: no such job can start`, ask);
  return warn(
    "quotas",
    `${says}: ${quota === 0 ? "none could start, were there any" : "the others wait"}`,
    ask,
  );
}

/** Queues that steps of this checkout's pipelines use, each with its on-demand queue. */
function usedQueues(gpus: boolean): Set<string> {
  const steps = [...catalogueOf(pipelines, { gpus }).values()].flatMap(({ graph }) => graph.steps);
  return new Set(
    steps.flatMap(({ task }) =>
      task.kind === "batch" ? [task.resources.queue.replace("-on-demand", "")] : [],
    ),
  );
}

/** How many vCPUs the account may have for one queue's machines. */
async function quotaOf(
  client: ServiceQuotasClient,
  name: string,
  { computeResources }: ComputeEnvironmentDetail,
  region: string,
  gpus: boolean,
): Promise<Finding[]> {
  const { type, maxvCpus = 0 } = computeResources ?? {};
  if (type !== "SPOT" && type !== "EC2") return [];
  const kind = name.startsWith("gpu") ? "gpu" : "cpu";
  const quota = vcpuQuotas[kind][type];
  const { Quota } = await client.send(
    new GetServiceQuotaCommand({ ServiceCode: "ec2", QuotaCode: quota.code }),
  );
  return [quotaFinding(quota, Quota?.Value ?? 0, maxvCpus, { needed: usedQueues(gpus).has(kind), region })];
}

/** Checks whether each job queue has machines, and whether the account may run them. */
export async function checkQueuesOfJobs({ target, batch, environment }: Stage): Promise<Finding[]> {
  const client = new BatchClient(batch);
  const quotas = new ServiceQuotasClient(target.config);
  const looks = Object.entries(environment.BATCH_JOB_QUEUES).map(async ([name, arn]) => {
    const { jobQueues = [] } = await client.send(new DescribeJobQueuesCommand({ jobQueues: [arn] }));
    const names = (jobQueues[0]?.computeEnvironmentOrder ?? []).flatMap(({ computeEnvironment = "" }) => [
      computeEnvironment,
    ]);
    const { computeEnvironments = [] } =
      names.length === 0
        ? {}
        : await client.send(new DescribeComputeEnvironmentsCommand({ computeEnvironments: names }));
    const queue = queueFinding(name, jobQueues[0], computeEnvironments);
    if (target.stage === "local") return [queue];
    const allowed = await Promise.all(
      computeEnvironments.map((each) => quotaOf(quotas, name, each, target.config.region, environment.GPUS)),
    );
    return [queue, ...allowed.flat()];
  });
  return (await Promise.all(looks)).flat();
}
