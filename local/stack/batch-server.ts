import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Daemon, healthy, startDaemon } from "./daemon.ts";
import { type DefinitionRequest, jobDefinitions } from "./job-definitions.ts";
import { BATCH_JOBS, NODE_BIN, REPOSITORY, statePaths, VENV } from "./paths.ts";

const COMPUTE_ENVIRONMENT = "local";

/** The queues, as the functions know them for the stage `local`. Spot before on-demand, as nothing differs here. */
const QUEUES = ["cpu", "gpu", "cpu-on-demand", "gpu-on-demand"];

export type BatchServerOptions = { vcpus?: number; graceMs?: number };

/** Starts the local Batch server on this state and waits until it answers. */
export async function startBatchServer(
  stateDir: string,
  port: number,
  awsEndpoint: string,
  options: BatchServerOptions,
): Promise<Daemon> {
  const paths = statePaths(stateDir);
  mkdirSync(paths.batchState, { recursive: true });
  const args = [
    "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
    "--disable-warning=ExperimentalWarning",
    path.join(REPOSITORY, "local", "batch", "main.ts"),
    ...["--state", paths.batchState, "--port", String(port), "--aws", awsEndpoint],
    ...["--jobs", BATCH_JOBS, "--venv", VENV],
    ...(options.graceMs === undefined ? [] : ["--grace", String(options.graceMs)]),
  ];
  const daemon = startDaemon(path.join(NODE_BIN, "node"), args, {
    cwd: REPOSITORY,
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "/tmp", TZ: "UTC" },
    logFile: paths.batchLog,
  });
  await healthy(`http://127.0.0.1:${port}/_local/health`, daemon, "The local Batch server", paths.batchLog);
  await registerBatchResources(`http://127.0.0.1:${port}`, options.vcpus ?? availableParallelism());
  return daemon;
}

async function call<T>(endpoint: string, operation: string, body: unknown): Promise<T> {
  const response = await fetch(`${endpoint}/v1/${operation}`, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${operation}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** Creates what the template creates on AWS and MiniStack can't: compute environment, queues, job definitions. */
async function registerBatchResources(endpoint: string, vcpus: number): Promise<void> {
  const { jobQueues } = await call<{ jobQueues: { jobQueueName: string }[] }>(
    endpoint,
    "describejobqueues",
    {},
  );
  const { computeEnvironments } = await call<{ computeEnvironments: unknown[] }>(
    endpoint,
    "describecomputeenvironments",
    {},
  );
  if (computeEnvironments.length === 0) {
    await call(endpoint, "createcomputeenvironment", {
      computeEnvironmentName: COMPUTE_ENVIRONMENT,
      type: "MANAGED",
      computeResources: { type: "EC2", maxvCpus: vcpus },
    });
  }
  for (const name of QUEUES.filter((queue) => !jobQueues.some((have) => have.jobQueueName === queue))) {
    await call(endpoint, "createjobqueue", {
      jobQueueName: name,
      priority: 1,
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: COMPUTE_ENVIRONMENT }],
    });
  }
  const registered = await call<{ jobDefinitions: DefinitionRequest[] }>(endpoint, "describejobdefinitions", {
    status: "ACTIVE",
  });
  for (const wanted of jobDefinitions()) {
    const latest = registered.jobDefinitions.findLast(
      (d) => d.jobDefinitionName === wanted.jobDefinitionName,
    );
    if (!sameDefinition(latest, wanted)) await call(endpoint, "registerjobdefinition", wanted);
  }
}

/** Whether a definition says what it should; what the server adds to it doesn't count. */
function sameDefinition(have: DefinitionRequest | undefined, wanted: DefinitionRequest): boolean {
  const said = (definition: DefinitionRequest) => {
    const { timeout, retryStrategy, containerProperties } = definition;
    const { image, command, resourceRequirements } = containerProperties;
    return { timeout, retryStrategy, image, command, resourceRequirements };
  };
  return have !== undefined && isDeepStrictEqual(said(have), said(wanted));
}
