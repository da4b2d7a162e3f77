import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { BatchClient } from "@aws-sdk/client-batch";
import { misbehave } from "../../local/batch/misbehave.ts";
import { type Stack, startStack } from "../../local/stack/stack.ts";
import { awsBatchService } from "../../shared/adapters/aws/aws-batch-service.ts";
import { MemoryBatchService } from "../../shared/adapters/memory/memory-batch-service.ts";
import { MemoryFunctionInvoker } from "../../shared/adapters/memory/memory-function-invoker.ts";
import { MemoryObjectStore } from "../../shared/adapters/memory/memory-object-store.ts";
import { functionJobs } from "../../shared/batch/function-jobs.ts";
import { functionQueue } from "../../shared/pipeline/job.ts";
import { JobRejectedError } from "../../shared/ports/batch-service.ts";
import { systemClock } from "../../shared/ports/clock.ts";
import type { FunctionCall } from "../../shared/ports/function-invoker.ts";
import { runFunction } from "../../shared/testing/run-function.ts";
import { batchServiceContract, jobServiceContract } from "./batch-service.contract.ts";

describe("Batch in memory", () => {
  batchServiceContract(async () => {
    const batch = new MemoryBatchService(systemClock);
    return {
      batch,
      async finish(id, exitCode) {
        batch.begin(id);
        batch.finish(id, { exitCode });
      },
      running: async (id) => batch.begin(id),
      eventually: (check) => check(),
    };
  });
});

describe("functions in memory", () => {
  const calls = new Map<string, FunctionCall>();
  const open = () => {
    const objects = new MemoryObjectStore();
    const invoker = new MemoryFunctionInvoker();
    return { objects, invoker, batch: functionJobs({ objects, invoker, clock: systemClock }) };
  };
  /** Runs a call. If its end is undefined, its execution never ends. */
  const run = async ({ objects, invoker }: ReturnType<typeof open>, id: string, exitCode?: number) => {
    for (const call of invoker.takeCalls()) calls.set(call.id, call);
    const call = calls.get(id);
    if (call === undefined) throw new Error(`nobody called the function for ${id}`);
    const input = (call.environment.MILLRACE_INPUT ?? "").replace("{shard}", "0");
    await objects.put(input, JSON.stringify({ inputs: {} }), "application/json");
    let ended: Promise<unknown> = Promise.resolve();
    const began = new Promise<void>((resolve) => {
      const work = () => {
        resolve();
        if (exitCode === undefined) return new Promise<never>(() => {});
        if (exitCode === 0) return null;
        throw new Error(`exit code ${exitCode}`);
      };
      ended = runFunction(objects, call, randomUUID(), Date.now, work);
    });
    return { began, ended };
  };

  jobServiceContract(async () => {
    const world = open();
    return {
      batch: world.batch,
      finish: async (id, exitCode) => void (await (await run(world, id, exitCode)).ended),
      running: async (id) => (await run(world, id)).began,
      eventually: (check) => check(),
    };
  }, functionQueue);
});

/** Repeats a check until it passes. Throws the check's last error if it doesn't pass in time. */
async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 300_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await wait(30);
    }
  }
}

describe("AWS Batch on the local server", () => {
  const targets = { queues: { cpu: "cpu", gpu: "gpu" }, definitionPrefix: "millrace-local-" };
  let folder: string;
  let stack: Stack | undefined;
  let client: BatchClient;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "millrace-test-"));
    stack = await startStack({ stateDir: folder, vcpus: 4, graceMs: 500 });
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    client = new BatchClient({ endpoint: stack.batchEndpoint, region: stack.region, credentials });
  });
  afterAll(async () => {
    client?.destroy();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  batchServiceContract(async () => {
    const batch = awsBatchService(client, targets);
    const stateOf = async (id: string) => (await batch.describe([id]))[0]?.state;
    return {
      batch,
      finish: (id) => eventually(async () => expect(["SUCCEEDED", "FAILED"]).toContain(await stateOf(id))),
      running: (id) => eventually(async () => expect(await stateOf(id)).toBe("RUNNING")),
      eventually,
    };
  });

  test.each(["server-error", "cut-connection"] as const)(
    "a submission whose response is lost (%s) made one job, which is found by its name",
    async (loss) => {
      const name = `lost-${loss}`;
      const rule = { kind: "lose-submit-response", jobName: name, times: 1, loss } as const;
      await misbehave(stack?.batchEndpoint ?? "", [rule]);
      const batch = awsBatchService(client, targets);
      const submission = batch.submit({
        name,
        family: "ridge",
        command: ["true"],
        environment: {},
        resources: { vcpus: 1, memory: 128, gpus: 0, queue: "cpu" },
        timeout: 60,
      });
      await expect(submission).rejects.not.toBeInstanceOf(JobRejectedError);
      expect(await batch.findByName(name, "cpu")).toHaveLength(1);
    },
  );

  test("a job whose machines are taken back is tried as often as requested, and reports each attempt", async () => {
    const name = "taken-back";
    const rule = { kind: "spot-interruption", jobName: name, times: 3 } as const;
    await misbehave(stack?.batchEndpoint ?? "", [rule]);
    const batch = awsBatchService(client, targets);
    const id = await batch.submit({
      name,
      family: "ridge",
      command: ["python", "-c", "import time; time.sleep(600)"],
      environment: {},
      resources: { vcpus: 1, memory: 128, gpus: 0, queue: "cpu" },
      timeout: 60,
      tries: 2,
    });
    await eventually(async () => expect((await batch.describe([id]))[0]).toMatchObject({ state: "FAILED" }));
    const [job] = await batch.describe([id]);
    const lost = {
      statusReason: expect.stringMatching(/^Host EC2/),
      startedAt: expect.any(Number),
      stoppedAt: expect.any(Number),
      logStream: expect.stringMatching(/^millrace-local-ridge\/default\//),
    };
    expect(job?.tries).toEqual([lost, lost]);
    expect(new Set(job?.tries?.map(({ logStream }) => logStream)).size).toBe(2);
  });

  test("a job of a family without a definition is rejected for good", async () => {
    const submission = awsBatchService(client, targets).submit({
      name: "unknown-family",
      family: "unknown",
      command: ["true"],
      environment: {},
      resources: { vcpus: 1, memory: 128, gpus: 0, queue: "cpu" },
      timeout: 60,
    });
    await expect(submission).rejects.toBeInstanceOf(JobRejectedError);
  });
});
