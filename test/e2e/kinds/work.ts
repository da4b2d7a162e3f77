import { readdirSync, readFileSync } from "node:fs";
import { DescribeJobsCommand, ListJobsCommand } from "@aws-sdk/client-batch";
import { misbehave } from "../../../local/batch/misbehave.ts";
import { functionMemory } from "../../../shared/pipeline/job.ts";
import { largeWorkerMegabytes, stepWorkerMegabytes } from "../../../shared/run/run-cost.ts";
import { runIdOf } from "../../../shared/run/run-id.ts";
import { type DeployedService, eventually } from "../deployed-service.ts";
import { links } from "../kinds-pipelines.ts";
import { type Scenario, started, statesOf } from "./scenario.ts";

/** Reads the lines that functions logged for a run, parsed. */
async function logged(service: DeployedService, runId: string, message: string) {
  const response = await fetch(service.stack.awsEndpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "Logs_20140328.FilterLogEvents",
      authorization: "AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/logs/aws4_request",
    },
    body: JSON.stringify({ logGroupName: "/aws/lambda/millrace-local-step", limit: 10_000 }),
  });
  const { events = [] } = (await response.json()) as { events?: { message: string }[] };
  return events
    .filter((event) => event.message.includes(runId) && event.message.includes(`"${message}"`))
    .map((event) => JSON.parse(event.message.slice(event.message.indexOf("{"))) as Record<string, unknown>);
}

/** Ids of all of a run's jobs, in any state. */
async function jobsNamed(service: DeployedService, runId: string): Promise<string[]> {
  const filters = [{ name: "JOB_NAME", values: [`${runId}*`] }];
  const { jobSummaryList = [] } = await service.batch.send(new ListJobsCommand({ jobQueue: "cpu", filters }));
  return jobSummaryList.flatMap(({ jobId }) => jobId ?? []);
}

/** Pids of the processes that run calls of a family's Lambda function. */
function functionProcesses(family: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        const isWorker = readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("function_worker.py");
        return isWorker && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`FAMILY=${family}\0`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Waits until a run's job has begun. */
async function begun(service: DeployedService, runId: string): Promise<void> {
  await eventually(`the claim of ${runId}'s job`, async () => {
    const run = await service.store.getRun(runId);
    const keys = run === undefined ? [] : await service.listing(run);
    return keys.some((key) => key.endsWith("_claim.json")) || undefined;
  });
}

/** A chain in one worker. It runs before the others, since a worker continues only while its time lasts. */
export const chainScenario: Scenario = {
  name: `a chain of ${links} functions takes one message`,
  async live(service) {
    const runId = await started(service, "chain", "");
    expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
    expect(await service.output(runId, `link_${links}`)).toBe(links);
    const lines = await eventually("the log of the chain", async () => {
      const found = await logged(service, runId, "link");
      return found.length >= links ? found : undefined;
    });
    const invocations = new Set(lines.map((line) => line.function_request_id));
    expect([...invocations]).toEqual([expect.any(String)]);
  },
};

/** Steps that repeat, map over a list, run after others, use cached results, or get more memory. */
export const workScenarios: readonly Scenario[] = [
  {
    name: "functions and jobs are repeated until their condition holds, or up to their limit",
    async live(service) {
      const runId = await started(service, "repeats", "");
      expect(await service.finished(runId)).toMatchObject({
        state: "FAILED",
        error: { step: "never", name: "RepeatLimit" },
      });
      expect(await service.output(runId, "after")).toEqual({
        calls: { attempt: 3 },
        jobs: { value: 1, attempt: 2 },
        never: null,
      });
    },
  },
  {
    name: "every kind of step can be mapped, and its results are in the list's order",
    async live(service) {
      const keys = ["raw/kinds/maps/one", "raw/kinds/maps/two"];
      await service.drop("raw/kinds/maps/one", "1");
      const runId = await started(service, "maps", "", { params: { keys } });
      await service.drop("raw/kinds/maps/two", "22");
      expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
      expect(await service.output(runId, "all")).toEqual({
        calls: [10, 20, 30],
        jobs: [1, 2, 3].map((value) => ({ value, attempt: 1 })),
        runs: [1, 2, 3].map((value) => ({ value })),
        waited: [expect.any(String), expect.any(String)],
        objects: [expect.objectContaining({ bytes: 1 }), expect.objectContaining({ bytes: 2 })],
        answers: [expect.objectContaining({ by: "default" }), expect.objectContaining({ by: "default" })],
        passes: [{ attempt: 2 }, { attempt: 2 }, { attempt: 2 }],
        none: [],
      });
    },
  },
  {
    name: "steps run by their rules on the ends of their upstream steps",
    async live(service) {
      const runId = await started(service, "rules", "");
      expect(await service.finished(runId)).toMatchObject({ state: "FAILED", error: { step: "bad" } });
      expect(await statesOf(service, runId)).toEqual({
        good: "SUCCEEDED",
        bad: "FAILED",
        skipped: "SKIPPED",
        all_done: "SUCCEEDED",
        any_failed: "SUCCEEDED",
        any_succeeded: "SUCCEEDED",
        no_failure: "SKIPPED",
        no_success: "UPSTREAM_FAILED",
        all_succeeded: "UPSTREAM_FAILED",
        after_skipped: "SKIPPED",
      });
      for (const step of ["all_done", "any_failed", "any_succeeded"]) {
        expect(await service.output(runId, step)).toEqual({ good: 1, bad: null, skipped: null });
      }
    },
  },
  {
    name: "only large functions run in the worker with more memory",
    async live(service) {
      const runId = await started(service, "sizes", "");
      expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
      const small = { name: "millrace-local-step", megabytes: stepWorkerMegabytes };
      const large = { name: "millrace-local-step-large", megabytes: largeWorkerMegabytes };
      expect(await service.output(runId, "before")).toEqual(small);
      expect(await service.output(runId, "heavy")).toEqual(large);
      for (const index of [0, 1, 2]) expect(await service.output(runId, "each", index)).toEqual(large);
      expect(await service.output(runId, "after")).toEqual(small);
      for (const { attempt } of await service.steps(runId)) expect(attempt).toBe(1);
    },
  },
  {
    name: "results of more than 4 KB can be passed on and mapped over",
    async live(service) {
      const runId = await started(service, "large", "");
      expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
      const records = await service.steps(runId);
      const made = records.find(({ step }) => step === "made");
      expect(made).toMatchObject({ output: { uri: expect.stringContaining("/made/0/1.1/_output.json") } });
      expect(await service.output(runId, "sums")).toEqual([999_000, 1_000_000]);
    },
  },
  {
    name: "a second run uses the cached results of the first and shows it; a run with refresh doesn't",
    async live(service) {
      const params = { value: Date.now() };
      const run = async (key: string, refresh = false) => {
        const runId = await started(service, "cached", key, { params, refresh });
        expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
        return runId;
      };
      const first = await run("first");
      expect(await statesOf(service, first)).toMatchObject({ made: "SUCCEEDED", worked: "SUCCEEDED" });
      const second = await run("second");
      const { steps } = await service.view(second);
      expect(steps[0]).toMatchObject({ state: "CACHED", cachedFrom: { runId: first, step: "made" } });
      expect(steps[1]?.children?.counts).toEqual({ CACHED: 2 });
      expect(await service.output(second, "after")).toEqual(await service.output(first, "after"));
      const third = await run("third", true);
      expect(await statesOf(service, third)).toMatchObject({ made: "SUCCEEDED", worked: "SUCCEEDED" });
      expect(await service.output(third, "made")).toEqual({ ...params, by: third });
    },
  },
  {
    name: "a job on Lambda is ended with its run, and one that outgrows Lambda goes on with a machine",
    async live(service) {
      const cancelled = await started(service, "nimble", "cancelled", { params: { seconds: 500 } });
      await begun(service, cancelled);
      await service.manage({ action: "cancel", runId: cancelled });
      expect(await service.finished(cancelled)).toMatchObject({ state: "CANCELLED" });
      await eventually("the end of its process", async () => !functionProcesses("trial")[0] || undefined);
      const runId = await started(service, "nimble", "killed", { params: { seconds: 5 } });
      await begun(service, runId);
      // As the kernel does if a function uses more memory than it has.
      for (const pid of functionProcesses("trial")) process.kill(pid, "SIGKILL");
      expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
      const [record] = await service.steps(runId);
      expect(record).toMatchObject({ attempt: 2, failures: 0, losses: { memory: 1 } });
      const places = record?.jobAttempts?.map(({ queue, memory, state }) => [queue, memory, state]);
      expect(places).toEqual([
        ["lambda", functionMemory, "FAILED"],
        ["cpu", 4096, "SUCCEEDED"],
      ]);
    },
  },
  {
    name: "a job that runs out of memory is retried with the next size",
    async live(service) {
      const scheduledAt = new Date().toISOString();
      const jobName = `${runIdOf("growing", scheduledAt, "memory")}-work*`;
      await misbehave(service.stack.batchEndpoint, [{ kind: "out-of-memory", jobName, times: 1 }]);
      const runId = await started(service, "growing", "memory", { scheduledAt });
      expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
      const [record] = await service.steps(runId);
      expect(record).toMatchObject({ attempt: 2, failures: 0, losses: { memory: 1 } });
      const page = await service.batch.send(
        new DescribeJobsCommand({ jobs: await jobsNamed(service, runId) }),
      );
      const sizes = page.jobs?.map(
        ({ container }) => container?.resourceRequirements?.find(({ type }) => type === "MEMORY")?.value,
      );
      expect(sizes?.sort()).toEqual(["128", "256"]);
    },
  },
];
