import type { LambdaClient } from "@aws-sdk/client-lambda";
import { DEFAULT_STATE_DIR } from "../../local/stack/paths.ts";
import { attachStack, type Stack } from "../../local/stack/stack.ts";
import { dynamoModelRegistry } from "../../shared/adapters/aws/dynamo-model-registry.ts";
import { dynamoRunStore } from "../../shared/adapters/aws/dynamo-run-store.ts";
import { dynamoClient } from "../../shared/adapters/aws/dynamo-table.ts";
import type { Graph } from "../../shared/pipeline/graph.ts";
import type { Json } from "../../shared/pipeline/json.ts";
import { MillraceError, parseErrorText } from "../../shared/pipeline/millrace-error.ts";
import type { ModelRegistry } from "../../shared/ports/model-registry.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import type { RunStore } from "../../shared/ports/run-store.ts";
import { fullLimits } from "../../shared/run/full-limits.ts";
import { type ProgressView, readProgress } from "../../shared/run/run-progress.ts";
import { type RunView, viewRun } from "../../shared/run/run-view.ts";
import type { Run } from "../../shared/state/run.ts";
import type { FoundStep } from "../../shared/state/step-record.ts";
import { resultOf } from "../../shared/step/run-result.ts";
import { AnsweredError } from "../errors.ts";
import { withLocalLogs } from "./local-logs.ts";

/** How the SDK's clients reach a stage. Empty if the usual chain of credentials and endpoints is enough. */
export type ClientConfig = {
  region: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
};

/** A deployed stage: reads its table, and invokes its functions. */
export type Target = {
  readonly stage: string;
  readonly config: ClientConfig;
  /** Folder of the local stack's state; missing on AWS. */
  readonly stateDir?: string;
  readonly store: RunStore;
  /** The data bucket. Its name is looked up once, on first use. */
  objects(): Promise<ObjectStore>;
  readonly models: ModelRegistry;
  /** Milliseconds between two looks at a run that is followed. */
  readonly pollMs: number;
  /**
   * Invokes a deployed function and returns its answer.
   *
   * @throws AnsweredError with the function's own error if it refuses
   */
  invoke(name: "start" | "manage" | "console" | "console-act", payload: unknown): Promise<unknown>;
};

/** Folder of the local stack's state: `MILLRACE_STACK`, or the stack's own default. */
export function stackFolder(): string | undefined {
  const folder = process.env.MILLRACE_STACK;
  return folder === undefined || folder === "" ? undefined : folder;
}

/** How clients reach a local stack. */
function configOf({ awsEndpoint, region, env }: Stack): ClientConfig {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  return { endpoint: awsEndpoint, region, credentials: { accessKeyId, secretAccessKey } };
}

/** @throws MillraceError if no local stack runs */
function localConfig(): ClientConfig {
  const stack = attachStack(stackFolder());
  if (stack === undefined) {
    throw new MillraceError("LOCAL_STACK_NOT_RUNNING", "no local stack runs");
  }
  return configOf(stack);
}

/** How to reach a stage's AWS Batch. The local stack's Batch is a separate server. */
export function batchConfig({ config, stateDir }: Target): ClientConfig {
  const endpoint = stateDir === undefined ? undefined : attachStack(stateDir)?.batchEndpoint;
  return endpoint === undefined ? config : { ...config, endpoint };
}

/** The engine's own errors say what to do. If a function crashed, its log says why. */
function refusal(name: string, answer: unknown): AnsweredError | MillraceError {
  const { errorType = "Error", errorMessage = "" } = answer as { errorType?: string; errorMessage?: string };
  const known = parseErrorText(errorMessage);
  if (known !== undefined) return new AnsweredError(known);
  return new MillraceError("FUNCTION_FAILED", `function ${name} failed: ${errorType}: ${errorMessage}`);
}

/** The name of a stage's data bucket. It's read from a function's environment, because it contains the account. */
async function dataBucket(lambda: LambdaClient, stage: string): Promise<string> {
  const { GetFunctionConfigurationCommand } = await import("@aws-sdk/client-lambda");
  const FunctionName = `millrace-${stage}-step`;
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const bucket = Environment?.Variables?.DATA_BUCKET;
  if (bucket === undefined)
    throw new MillraceError("ENVIRONMENT_INVALID", `function ${FunctionName} has no DATA_BUCKET`);
  return bucket;
}

/** The data bucket of a stage. The client is loaded only by commands that read objects. */
async function dataObjects(lambda: LambdaClient, stage: string, config: ClientConfig): Promise<ObjectStore> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  const { s3ObjectStore } = await import("../../shared/adapters/aws/s3-object-store.ts");
  const client = new S3Client({ ...config, forcePathStyle: stage === "local" });
  return s3ObjectStore(client, await dataBucket(lambda, stage));
}

/** A stage that clients with this configuration reach. */
export function targetOf(stage: string, config: ClientConfig, stateDir?: string): Target {
  let client: Promise<LambdaClient> | undefined;
  const lambda = () => {
    client ??= import("@aws-sdk/client-lambda").then(({ LambdaClient }) => new LambdaClient(config));
    return client;
  };
  let objects: Promise<ObjectStore> | undefined;
  const table = { client: dynamoClient(config), name: `millrace-${stage}` };
  return {
    stage,
    config,
    ...(stateDir !== undefined && { stateDir }),
    store: dynamoRunStore(table),
    models: dynamoModelRegistry(table),
    pollMs: stage === "local" ? 400 : 2000,
    objects() {
      objects ??= lambda().then((functions) => dataObjects(functions, stage, config));
      return objects;
    },
    async invoke(name, payload) {
      const functionName = `millrace-${stage}-${name}`;
      const { InvokeCommand } = await import("@aws-sdk/client-lambda");
      const answer = await (await lambda()).send(
        new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(payload) }),
      );
      const text = new TextDecoder().decode(answer.Payload);
      const body: unknown = text === "" ? undefined : JSON.parse(text);
      if (answer.FunctionError !== undefined) throw refusal(functionName, body);
      return body;
    },
  };
}

/** The stage of a local stack. */
export function targetOfStack(stack: Stack): Target {
  return targetOf("local", configOf(stack), stack.stateDir);
}

/**
 * The stage that a command is about: the running local stack, or a stage on AWS with the usual credentials.
 *
 * @throws MillraceError if the stage is local and no stack runs
 */
export function connect({ stage, region }: { stage: string; region: string }): Target {
  if (stage !== "local") return targetOf(stage, { region });
  return targetOf(stage, localConfig(), stackFolder() ?? DEFAULT_STATE_DIR);
}

/** How many recent runs are searched for an id given by its beginning, and how many matches are named. */
const recentRuns = 100;
const maxMatches = 5;

/** A run of a stage. @throws MillraceError if there is no such run */
export async function runNamed(
  { store, stage }: Pick<Target, "store" | "stage">,
  runId: string,
): Promise<Run> {
  const run = await store.getRun(runId);
  if (run !== undefined) return run;
  const missing = `there is no run "${runId}" on stage "${stage}"`;
  const { runs } = await store.listRuns({}, recentRuns);
  const matches = runs.map((each) => each.runId).filter((id) => runId.length > 0 && id.startsWith(runId));
  const remedy = `Use the full id: ${matches.slice(0, maxMatches).join(", ")}.`;
  throw new MillraceError("RUN_NOT_FOUND", missing, matches.length > 0 ? { remedy } : {});
}

/** The graph that a run started with. @throws MillraceError if it isn't stored */
export async function graphOfRun({ store }: Pick<Target, "store">, run: Run): Promise<Graph> {
  const graph = await store.getGraph(run.graphHash);
  if (graph === undefined)
    throw new MillraceError("GRAPH_MISSING", `run ${run.runId}: its graph ${run.graphHash} is not stored`);
  return graph;
}

/** Whether a job that may report its progress is running. */
const hasRunningJob = ({ steps }: RunView) =>
  steps.some(({ kind, state }) => kind === "batch" && state === "RUNNING");

/** The progress of running jobs. Somebody who may read the table but not the bucket sees the run without it. */
async function progressOf(
  target: Target,
  run: Run,
  records: readonly FoundStep[],
): Promise<ReadonlyMap<string, ProgressView>> {
  try {
    return await readProgress(await target.objects(), run, records);
  } catch {
    return new Map();
  }
}

/** The result of a run that succeeded. Undefined if there is none, or if it can't be read. */
async function resultOfRun(target: Target, run: Run, graph: Graph): Promise<Json | undefined> {
  if (run.state !== "SUCCEEDED" || graph.output === undefined) return undefined;
  try {
    return await resultOf({ store: target.store, objects: await target.objects() }, run, graph);
  } catch {
    return undefined;
  }
}

/**
 * A run as it is now, with its running jobs' progress, what it waits for if it hasn't begun, and its result once it has
 * succeeded.
 *
 * @throws MillraceError if there is no such run
 */
export async function readRunView(target: Target, runId: string): Promise<RunView> {
  const run = await runNamed(target, runId);
  const [graph, records] = await Promise.all([graphOfRun(target, run), target.store.listSteps(runId)]);
  const stored = viewRun(run, graph, records, Date.now());
  const result = await resultOfRun(target, run, graph);
  const reported = result === undefined ? stored : { ...stored, result };
  const view = target.stateDir === undefined ? reported : withLocalLogs(reported, target.stateDir);
  if (run.state === "QUEUED") return { ...view, waitsFor: await fullLimits(target.store, run) };
  if (!hasRunningJob(view)) return view;
  const progress = await progressOf(target, run, records);
  const steps = view.steps.map((step) => {
    const stepProgress = progress.get(step.name);
    return stepProgress === undefined ? step : { ...step, progress: stepProgress };
  });
  return { ...view, steps };
}
