import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DeleteObjectCommand, PutObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { type Stack, startStack, stopStack } from "../../local/stack/stack.ts";
import { isActive, type Run } from "../../shared/state/run.ts";
import { dynamoRunStore } from "../../shared/store/dynamo-run-store.ts";
import { dynamoClient } from "../../shared/store/dynamo-table.ts";
import type { RunStore, StoredStep } from "../../shared/store/run-store.ts";

/** The service, deployed by the real `sls deploy` to a local stack of its own. */
export type DeployedService = {
  stack: Stack;
  store: RunStore;
  s3: S3Client;
  sqs: SQSClient;
  bucket: string;
  /** Invokes a function by its short name; throws what it threw. */
  invoke(name: string, payload: unknown): Promise<unknown>;
  start(request: object): Promise<{ runId: string; created: boolean }>;
  /** Drops an object and returns its version. */
  drop(key: string, body: string | Uint8Array): Promise<string | undefined>;
  remove(key: string): Promise<void>;
  /** Runs caused by an object, once there are so many. */
  runsFor(uri: string, count: number): Promise<Run[]>;
  /** Waits until a run has ended, sweeping meanwhile as often as asked. */
  finished(runId: string, sweepEvery?: number): Promise<Run>;
  steps(runId: string): Promise<StoredStep[]>;
  /** Keys of a run's objects, without their common prefix. */
  listing(run: Run): Promise<string[]>;
  close(): Promise<void>;
};

const client = { region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };

/** Polls until there is an answer. @throws after `seconds`, saying what was waited for */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  seconds = 120,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`);
    await delay(100);
  }
}

/** Pids of processes that work for a run: their environment names it. */
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

/** Starts a stack, deploys the service and gives the handles to it. */
export async function deployService(): Promise<DeployedService> {
  const stateDir = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  const stack = await startStack({ stateDir });
  await stack.deploy();
  const endpoint = stack.awsEndpoint;
  const s3 = new S3Client({ ...client, endpoint, forcePathStyle: true });
  const sqs = new SQSClient({ ...client, endpoint });
  const table = { client: dynamoClient({ ...client, endpoint }), name: "millrace-local" };
  const store = dynamoRunStore(table);
  const bucket = `millrace-local-data-${stack.accountId}`;

  const invoke = async (name: string, payload: unknown) => {
    const answer = await stack.invoke(`millrace-local-${name}`, payload);
    if (answer.ok) return answer.payload;
    throw Object.assign(new Error(answer.errorMessage), { name: answer.errorType });
  };
  return {
    stack,
    store,
    s3,
    sqs,
    bucket,
    invoke,
    start: async (request) => (await invoke("start", request)) as { runId: string; created: boolean },
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
        const { runs } = await store.listRuns({ pipeline: "ridge-sweep" }, 100);
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
        240,
      );
    },
    steps: (runId) => store.listSteps(runId),
    async listing(run) {
      const prefix = `runs/${run.pipeline}/${run.runId}/`;
      const keys: string[] = [];
      for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
        keys.push(...(page.Contents ?? []).map(({ Key = "" }) => Key.slice(prefix.length)));
      }
      return keys.sort();
    },
    async close() {
      for (const each of [s3, sqs, table.client]) each.destroy();
      await stopStack(stateDir);
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
