import * as z from "zod";
import { handleJob } from "../../shared/jobs/handle-job.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import {
  batch,
  defineJob,
  definePipeline,
  FatalError,
  lambda,
  type Pipeline,
} from "../../shared/pipeline/index.ts";
import type { JobSubmission } from "../../shared/ports/batch-service.ts";
import { lossLimits } from "../../shared/state/failure.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { begin, pass, runOf, startManually, stepOf, work } from "./driving.ts";

const square = defineJob("demo.square", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});
const none = z.strictObject({});
const numbers = z.strictObject({ list: z.array(z.number()) });

describe("Batch steps", () => {
  const squares = definePipeline({ name: "squares", params: numbers }, ({ params, step, map }) => {
    const out = map("square", params.list, (n) => batch(square, { n }), { retries: { limit: 1, delay: 5 } });
    step(
      "total",
      lambda({ out }, ({ out }) => out.reduce((sum, { n }) => sum + n, 0)),
    );
  });
  const run = async (pipeline: Pipeline, list: number[], job: (input: { n: number }) => { n: number }) => {
    const memory = new MemoryEngine([pipeline], { "demo.square": (input) => job(input as { n: number }) });
    const request = {
      pipeline: pipeline.name,
      params: { list },
    } as const;
    const { runId } = await startManually(memory.engine, request);
    const submitted: (number | undefined)[] = [];
    const { batch: service } = memory.engine;
    memory.engine = {
      ...memory.engine,
      batch: Object.assign(Object.create(service), {
        submit: (submission: JobSubmission) => {
          submitted.push(submission.arraySize);
          return service.submit(submission);
        },
      }),
    };
    const ended = await memory.finish(runId);
    const records = await memory.store.listSteps(runId);
    return { run: ended, records, submitted };
  };

  it("of a map are submitted as one array job", async () => {
    const { run: ended, records, submitted } = await run(squares, [1, 2, 3], ({ n }) => ({ n: n * n }));
    expect(ended.state).toBe("SUCCEEDED");
    expect(submitted).toEqual([3]);
    expect(records.find(({ step }) => step === "total")).toMatchObject({ output: { value: 14 } });
  });

  it("of a map of one item are a single job", async () => {
    const { run: ended, submitted } = await run(squares, [5], ({ n }) => ({ n: n * n }));
    expect(ended.state).toBe("SUCCEEDED");
    expect(submitted).toEqual([undefined]);
  });

  it("of failed children are retried individually", async () => {
    let failures = 1;
    const { run: ended, submitted } = await run(squares, [1, 2, 3], ({ n }) => {
      if (n === 2 && failures-- > 0) throw new Error("once");
      return { n: n * n };
    });
    expect(ended.state).toBe("SUCCEEDED");
    expect(submitted).toEqual([3, undefined]);
  });

  it("fail with the error that the job reported", async () => {
    const { run: ended } = await run(squares, [1, 2], () => {
      throw new FatalError("the file is empty");
    });
    expect(ended).toMatchObject({
      state: "FAILED",
      error: { name: "FatalError", message: "the file is empty" },
    });
  });

  it("are refused before submission when their input breaks the contract", async () => {
    const pipeline = definePipeline({ name: "contract", params: numbers }, ({ params, map }) => {
      const made = map("make", params.list, (n) => lambda({ n }, ({ n }) => String(n) as unknown as number));
      map("square", made, (n) => batch(square, { n }));
    });
    const { run: ended, submitted } = await run(pipeline, [1, 2], ({ n }) => ({ n }));
    expect(submitted).toEqual([]);
    expect(ended).toMatchObject({ state: "FAILED", error: { name: "InvalidInput" } });
    expect("error" in ended && ended.error?.message).toContain("input n of child 0");
  });
});

describe("infrastructure that fails", () => {
  const pipeline = definePipeline({ name: "unlucky", params: none }, ({ step }) => {
    step("work", batch(square, { n: 1 }), { retries: { limit: 0, delay: 1 } });
  });

  it.each([
    [lossLimits.image, "SUCCEEDED"],
    [lossLimits.image + 1, "FAILED"],
  ])("%i times uses none of the step's own retries; in the end the step is %s", async (times, state) => {
    const memory = new MemoryEngine([pipeline], { "demo.square": () => ({ n: 1 }) });
    const { runId } = await startManually(memory.engine, {
      pipeline: "unlucky",
    });
    for (let lost = 0; lost < times; lost += 1) {
      while (memory.batch.waiting().length === 0) {
        if (!(await memory.turn())) memory.clock.moveTo(memory.queue.nextAt() ?? memory.clock.now());
      }
      const [job] = memory.batch.waiting();
      memory.batch.finish(job?.id ?? "", { containerReason: "CannotPullContainerError: not found" });
      await memory.turn();
    }
    const run = await memory.finish(runId);
    expect(run.state).toBe(state);
    if (state === "FAILED") expect(run).toMatchObject({ error: { name: "ImagePullFailed" } });
  });
});

describe("a sweep of a large array job", () => {
  it("asks only about the open children, and handles only those that ended", async () => {
    const pipeline = definePipeline({ name: "wide", params: numbers }, ({ params, map }) => {
      map("square", params.list, (n) => batch(square, { n }));
    });
    const memory = new MemoryEngine([pipeline], { "demo.square": (input) => input });
    const list = Array.from({ length: 300 }, (_, n) => n);
    const request = { pipeline: "wide", params: { list } };
    const { runId } = await startManually(memory.engine, request);
    while (
      (await memory.store.listSteps(runId, "square")).filter(({ state }) => state === "SUCCEEDED").length <
      298
    ) {
      await memory.turn();
    }
    const asked: string[][] = [];
    const describeJobs = memory.batch.describe.bind(memory.batch);
    memory.batch.describe = async (ids) => {
      asked.push([...ids]);
      return describeJobs(ids);
    };
    memory.clock.moveTo(memory.clock.now() + 600_000);
    await sweepRuns(memory.engine);
    const children = asked.flat().filter((id) => id.includes(":"));
    expect(children.length).toBeLessThanOrEqual(2);
    memory.batch.describe = describeJobs;
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
  });
});

describe("a submission that Batch doesn't accept", () => {
  /** A run of one job. Its submissions fail until `seen.outage` is cleared. */
  async function refused(error: Error) {
    const pipeline = definePipeline({ name: "refused", params: none }, ({ step }) => {
      step("work", batch(square, { n: 1 }));
    });
    const memory = new MemoryEngine([pipeline], { "demo.square": () => ({ n: 1 }) });
    const submit = memory.batch.submit.bind(memory.batch);
    const seen = { tries: 0, outage: true };
    memory.batch.submit = async (job) => {
      seen.tries += 1;
      if (seen.outage) throw error;
      return submit(job);
    };
    return { memory, seen, runId: await begin(memory, "refused") };
  }
  const unavailable = new Error("ServiceUnavailableException: try later");

  it("is retried for half an hour, and then fails its step with Batch's last answer and a remedy", async () => {
    const { memory, seen, runId } = await refused(unavailable);
    await pass(memory, 25 * 60);
    expect(await stepOf(memory, runId, "work")).toMatchObject({ state: "SUBMITTED", refusals: seen.tries });
    await pass(memory, 10 * 60);
    const step = await stepOf(memory, runId, "work");
    expect(step).toMatchObject({ state: "FAILED", failures: 0, error: { name: "SubmitFailed" } });
    const message = "error" in step ? step.error?.message : "";
    expect(message).toMatch(/no job in 34 tries over 3\d minutes.*try later/);
    const remedy = expect.stringMatching(/Health Dashboard.*role.*retry the run/);
    expect(await runOf(memory, runId)).toMatchObject({
      state: "FAILED",
      error: { step: "work", code: "SUBMIT_FAILED", message, remedy },
    });
    expect(seen.tries).toBe(34);
  });

  it("doesn't fail because of hours without an attempt to submit", async () => {
    const { memory, seen, runId } = await refused(unavailable);
    await work(memory);
    // As if no function ran in the meantime either.
    memory.clock.moveTo(memory.clock.now() + 5 * 3600_000);
    await work(memory);
    expect(seen.tries).toBe(2);
    seen.outage = false;
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
  });

  it("because of throttling is retried as long as that lasts", async () => {
    const throttled = Object.assign(new Error("slow down"), { name: "TooManyRequestsException" });
    const { memory, seen, runId } = await refused(throttled);
    await pass(memory, 3 * 3600);
    expect(await stepOf(memory, runId, "work")).toMatchObject({ state: "SUBMITTED", attempt: 1 });
    seen.outage = false;
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
  });
});

describe("the result of a job", () => {
  const pipeline = definePipeline({ name: "odd", params: none }, ({ step }) => {
    step("square", batch(square, { n: 1 }));
  });

  it.each([
    ["a manifest that cannot be read", "_manifest.json", "not json", 0, "InvalidManifest"],
    ["an error that cannot be read", "_error.json", '{"retryable":"maybe"}', 1, "JobFailed"],
    [
      "an endless error",
      "_error.json",
      JSON.stringify({
        name: "E".repeat(9999),
        message: "m".repeat(99_999),
        retryable: false,
        stack: ["s".repeat(500_000)],
      }),
      1,
      "E".repeat(100),
    ],
  ])("%s ends its step with a reason", async (_what, file, text, exitCode, name) => {
    const memory = new MemoryEngine([pipeline]);
    const { runId } = await startManually(memory.engine, {
      pipeline: "odd",
    });
    while (memory.batch.waiting().length === 0) await memory.turn();
    await memory.objects.put(`s3://data/runs/odd/${runId}/square/0/1.1/${file}`, text, "application/json");
    memory.batch.finish(memory.batch.waiting()[0]?.id ?? "", { exitCode });
    for (const event of memory.batch.takeEvents()) await handleJob(memory.engine, event);
    const run = await memory.store.getRun(runId);
    expect(run).toMatchObject({ state: "FAILED", error: { name } });
    expect(JSON.stringify(await memory.store.listSteps(runId)).length).toBeLessThan(4096);
  });
});

describe("a job's failure", () => {
  it("is committed when its event is repeated after a conflicting commit", async () => {
    const pipeline = definePipeline({ name: "met", params: none }, ({ step }) => {
      step("work", batch(square, { n: 1 }));
    });
    const memory = new MemoryEngine([pipeline]);
    const { runId } = await startManually(memory.engine, {
      pipeline: "met",
    });
    while (memory.batch.waiting().length === 0) await memory.turn();
    memory.batch.finish(memory.batch.waiting()[0]?.id ?? "", { exitCode: 3 });
    const [event] = memory.batch.takeEvents();
    if (event === undefined) throw new Error("no event");
    const putStep = memory.store.putStep.bind(memory.store);
    memory.store.putStep = async () => ({ ok: false, current: undefined });
    await handleJob(memory.engine, event);
    memory.store.putStep = putStep;
    await handleJob(memory.engine, event);
    expect(await memory.store.getRun(runId)).toMatchObject({ state: "FAILED", error: { name: "JobFailed" } });
  });
});

describe("the end of an array job's child that has no record yet", () => {
  it("is committed when a report that the child runs creates the record first", async () => {
    const pipeline = definePipeline({ name: "raced", params: none }, ({ map }) => {
      map("work", [1, 2], (n) => batch(square, { n }));
    });
    const memory = new MemoryEngine([pipeline]);
    const { runId } = await startManually(memory.engine, { pipeline: "raced" });
    while (memory.batch.waiting().length === 0) await memory.turn();
    memory.batch.takeEvents();
    const { id } = memory.batch.waiting()[0] ?? { id: "" };
    memory.batch.begin(id);
    const [runs] = memory.batch.takeEvents();
    memory.batch.finish(id, { exitCode: 3 });
    const [ends] = memory.batch.takeEvents();
    if (runs === undefined || ends === undefined) throw new Error("no events");
    const putStep = memory.store.putStep.bind(memory.store);
    memory.store.putStep = async (next, previous) => {
      memory.store.putStep = putStep;
      await handleJob(memory.engine, runs);
      return putStep(next, previous);
    };
    await handleJob(memory.engine, ends);
    expect(await stepOf(memory, runId, "work")).toMatchObject({
      state: "FAILED",
      error: { name: "JobFailed" },
    });
  });
});

describe("a resumed submission in parts", () => {
  it("submits every child, even if some ended meanwhile", async () => {
    let broken = true;
    const pipeline = definePipeline({ name: "parts", params: numbers }, ({ params, map }) => {
      map("square", params.list, (n) => batch(square, { n }));
    });
    const memory = new MemoryEngine([pipeline], {
      "demo.square": (input) => {
        if (broken && (input as { n: number }).n % 2 === 1) throw new Error("odd");
        return input;
      },
    });
    const list = Array.from({ length: 1200 }, (_, n) => n);
    const request = { pipeline: "parts", params: { list } };
    const { runId } = await startManually(memory.engine, request);
    expect((await memory.finish(runId)).state).toBe("FAILED");
    broken = false;
    // The odd children need more than one array job. The second is throttled, and the first begins before the next try.
    const submit = memory.batch.submit.bind(memory.batch);
    let parts = 0;
    memory.batch.submit = async (job) => {
      parts += 1;
      if (parts === 2) throw new Error("TooManyRequestsException");
      return submit(job);
    };
    await retryRun(memory.engine, runId);
    expect(await memory.finish(runId)).toMatchObject({ state: "SUCCEEDED" });
    expect(parts).toBeGreaterThan(2);
  });
});
