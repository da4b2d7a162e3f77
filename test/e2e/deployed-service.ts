import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BatchClient } from "@aws-sdk/client-batch";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { type Catalogue, copyService, jobsOf } from "../../local/stack/deploy-catalogue.ts";
import { type Stack, startStack, stopStack } from "../../local/stack/stack.ts";
import { dynamoRunStore } from "../../shared/adapters/aws/dynamo-run-store.ts";
import { dynamoClient } from "../../shared/adapters/aws/dynamo-table.ts";
import type { Json } from "../../shared/pipeline/json.ts";
import type { RunStore, StoredStep } from "../../shared/ports/run-store.ts";
import { type RunView, viewRun } from "../../shared/run/run-view.ts";
import { knownSteps } from "../../shared/state/read-step.ts";
import { isActive, type Run } from "../../shared/state/run.ts";
import { hasResult, type StepIndex } from "../../shared/state/step-record.ts";

/** The service, deployed by the real `sls deploy` to its own local stack. */
export type DeployedService = {
  stack: Stack;
  store: RunStore;
  s3: S3Client;
  sqs: SQSClient;
  batch: BatchClient;
  bucket: string;
  /** Invokes a function by its short name, and throws what the function throws. */
  invoke(name: string, payload: unknown): Promise<unknown>;
  start(request: object): Promise<{ runId: string; created: boolean }>;
  /** Makes a request of an operator. */
  manage(request: object): Promise<unknown>;
  /** Drops an object and returns its version. */
  drop(key: string, body: string | Uint8Array): Promise<string | undefined>;
  remove(key: string): Promise<void>;
  /** Runs that an object started, as soon as there are `count` of them. */
  runsFor(uri: string, count: number): Promise<Run[]>;
  /** Waits until a run has ended. Sweeps meanwhile, as often as asked. */
  finished(runId: string, sweepEvery?: number): Promise<Run>;
  steps(runId: string): Promise<StoredStep[]>;
  /** A run as people see it, including the states that aren't stored. */
  view(runId: string): Promise<RunView>;
  /** The result of a step, wherever it's stored. @throws if the step has no result */
  output(runId: string, step: string, index?: StepIndex): Promise<Json>;
  /** Text of an object. */
  read(uri: string): Promise<string>;
  /** Keys of a run's objects, without their common prefix. */
  listing(run: Run): Promise<string[]>;
  close(): Promise<void>;
};

const client = { region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };

/**
 * Polls until there is an answer, less often the longer it takes.
 *
 * @throws after `seconds`, saying what it waited for
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  seconds = 240,
): Promise<T> {
  const began = Date.now();
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    const waited = Date.now() - began;
    if (waited > seconds * 1000) throw new Error(`waited ${seconds} s for ${what}`);
    await delay(Math.min(50 + waited / 10, 500));
  }
}

/**
 * Sweeps repeatedly. The scheduler does so once a minute, which is too slow for a test.
 *
 * @returns a function that stops it
 */
export function keepTicking(service: DeployedService, milliseconds: number): () => Promise<void> {
  const ending = new AbortController();
  const ticking = (async () => {
    while (!ending.signal.aborted) {
      // If the stack is down or restarting at this moment, the tick is skipped.
      await service.invoke("tick", {}).catch(() => undefined);
      await delay(milliseconds, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return () => {
    ending.abort();
    return ticking;
  };
}

/** Lets at most `lanes` calls be under way at once. The others wait their turn. */
function withConcurrency<A extends unknown[], R>(lanes: number, call: (...args: A) => Promise<R>) {
  const ends: Promise<unknown>[] = Array.from({ length: lanes }, () => Promise.resolve());
  let next = 0;
  return (...args: A): Promise<R> => {
    const lane = next++ % lanes;
    const result = (ends[lane] ?? Promise.resolve()).then(() => call(...args));
    ends[lane] = result.catch(() => undefined);
    return result;
  };
}

/** Pids of processes that work for a run. Their environment names the run. */
export function processesOf(runId: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`MILLRACE_RUN_ID=${runId}\0`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** What may differ from a user's service: its pipelines, and the number of cores that its jobs share. */
export type ServiceOptions = { catalogue?: Catalogue; vcpus?: number };

/** Starts a stack in a folder and deploys the service to it. If that fails, nothing is left. */
async function deployInto(folder: string, { catalogue, vcpus }: ServiceOptions): Promise<Stack> {
  const serviceDir = join(folder, "service");
  try {
    if (catalogue !== undefined) copyService(serviceDir, catalogue);
    const stack = await startStack({
      stateDir: join(folder, "stack"),
      ...(catalogue !== undefined && { jobs: jobsOf(serviceDir) }),
      ...(vcpus !== undefined && { vcpus }),
    });
    await stack.deploy(catalogue === undefined ? {} : { serviceDir });
    return stack;
  } catch (error) {
    await stopStack(join(folder, "stack"));
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Starts a stack, deploys the service, and returns the handles to it. */
export async function deployService(options: ServiceOptions = {}): Promise<DeployedService> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  const stack = await deployInto(folder, options);
  const endpoint = stack.awsEndpoint;
  const s3 = new S3Client({ ...client, endpoint, forcePathStyle: true });
  const sqs = new SQSClient({ ...client, endpoint });
  const batch = new BatchClient({ ...client, endpoint: stack.batchEndpoint });
  const table = { client: dynamoClient({ ...client, endpoint }), name: "millrace-local" };
  const store = dynamoRunStore(table);
  const bucket = `millrace-local-data-${stack.accountId}`;

  // Each function that works at the same time is a separate process, and starting one takes longer than its work.
  const invoke = withConcurrency(3, async (name: string, payload: unknown) => {
    const answer = await stack.invoke(`millrace-local-${name}`, payload);
    if (answer.ok) return answer.payload;
    throw Object.assign(new Error(answer.errorMessage), { name: answer.errorType });
  });
  const read = async (uri: string) => {
    const object = await s3.send(
      new GetObjectCommand({ Bucket: bucket, Key: uri.slice(`s3://${bucket}/`.length) }),
    );
    return (await object.Body?.transformToString()) ?? "";
  };
  return {
    stack,
    store,
    s3,
    sqs,
    batch,
    bucket,
    invoke,
    start: async (request) => (await invoke("start", request)) as { runId: string; created: boolean },
    manage: (request) => invoke("manage", request),
    async drop(key, body) {
      const content = Buffer.from(body);
      const put = await s3.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: content, ContentLength: content.length }),
      );
      return put.VersionId;
    },
    async remove(key) {
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
    runsFor: (uri, count) =>
      eventually(`${count} runs for ${uri}`, async () => {
        const { runs } = await store.listRuns({}, 100);
        const all = await Promise.all(runs.map(({ runId }) => store.getRun(runId)));
        const mine = all.filter(
          (run) => run !== undefined && run.cause.kind === "object" && run.cause.uri === uri,
        );
        return mine.length >= count ? mine.filter((run) => run !== undefined) : undefined;
      }),
    async finished(runId, sweepEvery = 0) {
      let swept = Date.now();
      return eventually(
        `the end of run ${runId}`,
        async () => {
          if (sweepEvery > 0 && Date.now() - swept > sweepEvery) {
            swept = Date.now();
            await invoke("tick", {});
          }
          const run = await store.getRun(runId);
          return run === undefined || isActive(run) ? undefined : run;
        },
        500,
      );
    },
    steps: async (runId) => knownSteps(await store.listSteps(runId)),
    async view(runId) {
      const run = await store.getRun(runId);
      const graph = run && (await store.getGraph(run.graphHash));
      if (run === undefined || graph === undefined) throw new Error(`there is no run ${runId}`);
      return viewRun(run, graph, await store.listSteps(runId), Date.now());
    },
    async output(runId, step, index = 0) {
      const record = await store.getStep({ runId, step, index });
      if (record === undefined || !hasResult(record)) throw new Error(`${step} has no result`);
      return "value" in record.output ? record.output.value : JSON.parse(await read(record.output.uri));
    },
    read,
    async listing(run) {
      const prefix = `runs/${run.pipeline}/${run.runId}/`;
      const keys: string[] = [];
      for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
        keys.push(...(page.Contents ?? []).map(({ Key = "" }) => Key.slice(prefix.length)));
      }
      return keys.sort();
    },
    async close() {
      for (const each of [s3, sqs, batch, table.client]) each.destroy();
      await stopStack(stack.stateDir);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
