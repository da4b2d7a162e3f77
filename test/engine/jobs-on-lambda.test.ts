import * as z from "zod";
import { MemoryFunctionInvoker } from "../../shared/adapters/memory/memory-function-invoker.ts";
import { functionJobs } from "../../shared/batch/function-jobs.ts";
import { jobsByPlace } from "../../shared/batch/jobs-by-place.ts";
import { handleJob } from "../../shared/jobs/handle-job.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { batch, defineJob, definePipeline } from "../../shared/pipeline/index.ts";
import type { JobSubmission } from "../../shared/ports/batch-service.ts";
import type { FunctionCall } from "../../shared/ports/function-invoker.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { newsOf, runFunction } from "../../shared/testing/run-function.ts";
import { begin, pass, runOf, stepOf, work } from "./driving.ts";

const crunch = defineJob("demo.crunch", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { runs: "auto", vcpus: 1, memory: [1024, 2048, 4096], timeoutSeconds: 600 },
});

const killed = { errorType: "Runtime.ExitError", errorMessage: "Runtime exited with error: signal: killed" };
const timedOut = { errorType: "Sandbox.Timedout", errorMessage: "Task timed out after 600.00 seconds" };

/** A run whose job was called on Lambda. */
async function called() {
  const pipeline = definePipeline({ name: "jobs", params: z.strictObject({}) }, ({ step }) => {
    step("crunch", batch(crunch, { n: 1 }));
  });
  const memory = new MemoryEngine([pipeline]);
  const invoker = new MemoryFunctionInvoker();
  const { objects, clock } = memory;
  const onMachines: JobSubmission["resources"][] = [];
  const submit = memory.batch.submit.bind(memory.batch);
  memory.batch.submit = (submission) => {
    onMachines.push(submission.resources);
    return submit(submission);
  };
  const jobs = functionJobs({ objects, invoker, clock });
  memory.engine = { ...memory.engine, batch: jobsByPlace(jobs, memory.batch) };
  const runId = await begin(memory, "jobs");
  await work(memory);
  const [call] = invoker.takeCalls();
  if (call === undefined) throw new Error("no function was called");
  /** Runs the call, and returns what the function returns. */
  const run = (by: FunctionCall = call, execution = "execution 1") =>
    runFunction(
      objects,
      by,
      execution,
      () => clock.now(),
      (input) => input,
    );
  /** Lambda's report of the call arrives. */
  const tell = async (answer: Parameters<typeof newsOf>[1]) => {
    const news = newsOf(call, answer);
    if (news !== undefined) await handleJob(memory.engine, news);
    await work(memory);
  };
  return { memory, runId, call, run, tell, onMachines };
}

describe("a job on Lambda", () => {
  it("succeeds with what its function left, and its attempt says where it ran", async () => {
    const { memory, runId, run, tell } = await called();
    await tell({ returned: await run() });
    expect(await runOf(memory, runId)).toMatchObject({ state: "SUCCEEDED" });
    const { jobAttempts } = await stepOf(memory, runId, "crunch");
    expect(jobAttempts).toMatchObject([{ queue: "lambda", memory: 3008, state: "SUCCEEDED" }]);
  });

  it("that was called twice works once", async () => {
    const { memory, runId, run, tell } = await called();
    const first = await run();
    expect(await run(undefined, "execution 2")).toEqual({ copy: true });
    await tell({ returned: { copy: true } });
    expect(await runOf(memory, runId)).toMatchObject({ state: "RUNNING" });
    await tell({ returned: first });
    expect(await runOf(memory, runId)).toMatchObject({ state: "SUCCEEDED" });
  });

  it("whose report is lost is found by the sweep", async () => {
    const { memory, runId, run } = await called();
    await run();
    await pass(memory, 600);
    expect(await runOf(memory, runId)).toMatchObject({ state: "SUCCEEDED" });
  });

  it("shows as running once the sweep has looked", async () => {
    const { memory, runId, call } = await called();
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({ state: "SUBMITTED" });
    const claim = `${call.environment.MILLRACE_OUTPUT}0/1.1/_claim.json`;
    const claimedAt = new Date(memory.clock.now()).toISOString();
    const place = { logGroup: "/aws/lambda/demo", logStream: "stream#request" };
    const body = JSON.stringify({ jobId: call.id, execution: "execution 1", claimedAt, ...place });
    await memory.objects.put(claim, body, "application/json");
    await pass(memory, 300);
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({
      ...{ state: "RUNNING", runningSince: Date.parse(claimedAt), log: "/aws/lambda/demo:stream#request" },
    });
  });

  it.each([
    ["memory", killed, { memory: 1 }, 4096],
    ["time", timedOut, { time: 1 }, 3008],
  ])(
    "that runs out of %s goes on with a machine, and keeps its retries",
    async (_what, answer, losses, memoryOf) => {
      const { memory, runId, tell, onMachines } = await called();
      await tell(answer);
      await pass(memory, 120);
      expect(onMachines).toMatchObject([{ queue: "cpu", memory: memoryOf, vcpus: 1 }]);
      expect(await stepOf(memory, runId, "crunch")).toMatchObject({ attempt: 2, failures: 0, losses });
    },
  );

  it("of a cancelled run counts as ended at once, and its function does nothing if it begins later", async () => {
    const { memory, runId, run } = await called();
    await cancelRun(memory.engine, runId);
    await pass(memory, 300);
    expect(await runOf(memory, runId)).toMatchObject({ state: "CANCELLED" });
    expect(await run()).toEqual({ copy: true });
  });
});
