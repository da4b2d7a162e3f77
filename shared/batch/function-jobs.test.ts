import { MemoryFunctionInvoker } from "../adapters/memory/memory-function-invoker.ts";
import { MemoryObjectStore } from "../adapters/memory/memory-object-store.ts";
import { VirtualClock } from "../adapters/memory/virtual-clock.ts";
import { functionQueue } from "../pipeline/job.ts";
import type { JobSubmission } from "../ports/batch-service.ts";
import type { FunctionCall } from "../ports/function-invoker.ts";
import { runFunction } from "../testing/run-function.ts";
import { functionJobs } from "./function-jobs.ts";
import { jobEnvironment } from "./job-environment.ts";

const runId = "20210101T000000Z-cbzdwfa7hs82";

function submission(indices: readonly number[]): JobSubmission {
  return {
    name: `${runId}-fit-map-1-1`,
    family: "ridge",
    command: ["python", "-m", "ridge", "fit"],
    environment: jobEnvironment({
      ...{ pipeline: "sweep", runId, step: "fit", job: "ridge.fit", epoch: 1, attempt: 1, indices },
      ...{ input: "s3://data/inputs/{shard}.json", output: "s3://data/out/" },
    }),
    resources: { vcpus: 1, memory: 512, gpus: 0, queue: functionQueue },
    timeout: 60,
    ...(indices.length > 1 && { arraySize: indices.length }),
  };
}

/** Accepts a number of calls, and refuses those that follow until it is told otherwise. */
class RefusingInvoker extends MemoryFunctionInvoker {
  accepts = Number.POSITIVE_INFINITY;

  override async invoke(call: FunctionCall): Promise<void> {
    this.accepts -= 1;
    if (this.accepts < 0) throw new Error("Rate Exceeded");
    await super.invoke(call);
  }
}

describe("jobs on Lambda", () => {
  const open = () => {
    const objects = new MemoryObjectStore();
    const invoker = new RefusingInvoker();
    const clock = new VirtualClock(Date.parse("2021-01-01T00:00:00Z"));
    return { objects, invoker, clock, jobs: functionJobs({ objects, invoker, clock }) };
  };

  test("an interrupted submission calls the children of its first try, even if a later try has fewer", async () => {
    const { invoker, jobs } = open();
    invoker.accepts = 1;
    await expect(jobs.submit(submission([0, 1, 2]))).rejects.toThrow("Rate Exceeded");
    invoker.accepts = Number.POSITIVE_INFINITY;
    invoker.takeCalls();
    const id = await jobs.submit(submission([1, 2]));
    expect(invoker.takeCalls().map((call) => call.id)).toEqual([`${id}:0`, `${id}:1`, `${id}:2`]);
    expect(await jobs.describe([id])).toMatchObject([{ arraySize: 3 }]);
  });

  test("a submission is completed once", async () => {
    const { invoker, jobs } = open();
    invoker.accepts = 0;
    await expect(jobs.submit(submission([0, 1]))).rejects.toThrow("Rate Exceeded");
    invoker.accepts = Number.POSITIVE_INFINITY;
    const [id = ""] = await jobs.findByName(submission([0]).name, functionQueue);
    await jobs.complete(id);
    expect(invoker.takeCalls()).toHaveLength(2);
    await jobs.complete(id);
    expect(invoker.takeCalls()).toEqual([]);
  });

  test("a function that claimed its attempt and reports nothing has failed a minute after its time", async () => {
    const { objects, invoker, clock, jobs } = open();
    const id = await jobs.submit(submission([0]));
    const [call] = invoker.takeCalls();
    if (call === undefined) throw new Error("the function was not called");
    await objects.put("s3://data/inputs/0.json", JSON.stringify({ inputs: { 0: {} } }), "application/json");
    await new Promise<void>((resolve) => {
      const work = () => {
        resolve();
        return new Promise<never>(() => {});
      };
      void runFunction(objects, call, "execution 1", () => clock.now(), work);
    });
    clock.moveTo(clock.now() + 60_000);
    expect(await jobs.describe([id])).toMatchObject([{ state: "RUNNING" }]);
    clock.moveTo(clock.now() + 60_001);
    expect(await jobs.describe([id])).toMatchObject([
      { state: "FAILED", statusReason: "Lambda reported no end of the job" },
    ]);
  });

  test("a job that is ended before its function begins does no work", async () => {
    const { objects, invoker, jobs } = open();
    const id = await jobs.submit(submission([0]));
    await jobs.terminate(id, "The run was cancelled");
    expect(await jobs.describe([id])).toMatchObject([
      { state: "FAILED", statusReason: "The run was cancelled" },
    ]);
    const [call] = invoker.takeCalls();
    if (call === undefined) throw new Error("the function was not called");
    const work = () => {
      throw new Error("it worked");
    };
    expect(await runFunction(objects, call, "execution 1", Date.now, work)).toEqual({ copy: true });
  });
});
