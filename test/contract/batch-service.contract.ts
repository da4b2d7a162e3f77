import { jobEnvironment } from "../../shared/batch/job-environment.ts";
import type { BatchService, JobSubmission } from "../../shared/ports/batch-service.ts";

/** A Batch service under test, and what a test needs from the machines behind it. */
export type BatchUnderTest = {
  batch: BatchService;
  /** Lets a job, or a child, run to its end. Its command says how it ends: see {@link exitsWith}. */
  finish(id: string, exitCode: number): Promise<void>;
  /** Resolves when a job, or a child, runs. */
  running(id: string): Promise<void>;
  /** Resolves when the check passes. */
  eventually(check: () => Promise<void>): Promise<void>;
};

/** A command that ends at once with this code. */
const exitsWith = (code: number) => ["python", "-c", `raise SystemExit(${code})`];
/** A command that takes longer than any test. */
const runsLong = ["python", "-c", "import time; time.sleep(600)"];

let submissions = 0;

/** A new job of the queue. An array's environment names a child for each place. */
function jobFor(queue: string, overrides: Partial<JobSubmission>): JobSubmission {
  submissions += 1;
  const place = `contract/${submissions}`;
  const identity = {
    pipeline: "contract",
    runId: "20211004T162100Z-contract",
    step: "fit",
    epoch: 1,
    attempt: 1,
  };
  const indices = Array.from({ length: overrides.arraySize ?? 1 }, (_, index) => index);
  const [input, output] = [`s3://data/${place}/{shard}.json`, `s3://data/${place}/`];
  return {
    name: `20211004T162100Z-contract-fit-0-1-${submissions}`,
    family: "ridge",
    command: exitsWith(0),
    environment: {
      ...jobEnvironment({ ...identity, job: "ridge.fit", indices, input, output }),
      ...{ EMPTY: "", QUOTED: "a 'b' \"c\" µ" },
    },
    resources: { vcpus: 1, memory: 128, gpus: 0, queue },
    timeout: 60,
    ...overrides,
  };
}

/** What AWS Batch promises in addition to {@link jobServiceContract}. */
export function batchServiceContract(create: () => Promise<BatchUnderTest>): void {
  let under: BatchUnderTest;
  beforeEach(async () => {
    under = await create();
  });
  const aJob = (overrides: Partial<JobSubmission> = {}) => jobFor("cpu", overrides);

  jobServiceContract(create, "cpu");

  test("a job has the exit code of its process", async () => {
    const id = await under.batch.submit(aJob({ command: exitsWith(3) }));
    await under.finish(id, 3);
    expect(await under.batch.describe([id])).toMatchObject([{ state: "FAILED", exitCode: 3 }]);
  });

  test("the same job submitted twice is two jobs, and both are found", async () => {
    const job = aJob();
    const ids = [await under.batch.submit(job), await under.batch.submit(job)];
    expect(ids[0]).not.toBe(ids[1]);
    expect((await under.batch.findByName(job.name, "cpu")).sort()).toEqual(ids.sort());
  });

  test("a queue is serving while a job or an array's child in it runs, and not afterwards", async () => {
    const resources = { vcpus: 1, memory: 128, gpus: 0, queue: "gpu" };
    const serving = () => under.batch.isServing(resources.queue);
    expect(await serving()).toBe(false);
    for (const size of [undefined, 2]) {
      const array = size === undefined ? {} : { arraySize: size };
      const id = await under.batch.submit(aJob({ command: runsLong, resources, ...array }));
      await under.running(size === undefined ? id : `${id}:1`);
      expect(await serving()).toBe(true);
      await under.batch.terminate(id, "enough");
      await under.eventually(async () => expect(await serving()).toBe(false));
    }
  });
}

/**
 * What every service of jobs promises. `create` may return the same service each time, as each test uses new names.
 *
 * @param queue the queue of its jobs
 */
export function jobServiceContract(create: () => Promise<BatchUnderTest>, queue: string): void {
  let under: BatchUnderTest;
  beforeEach(async () => {
    under = await create();
  });
  const aJob = (overrides: Partial<JobSubmission> = {}) => jobFor(queue, overrides);
  const describeOne = async (id: string) => (await under.batch.describe([id]))[0];

  test("a submitted job is found by its id", async () => {
    const job = aJob();
    const id = await under.batch.submit(job);
    expect(await describeOne(id)).toMatchObject({ id, name: job.name });
    expect((await describeOne(id))?.environment).toMatchObject(job.environment);
    expect((await describeOne(id))?.image).toMatch(/ridge/);
  });

  test("a job is found by its exact name in its own queue, even after its end", async () => {
    const job = aJob();
    const id = await under.batch.submit(job);
    await under.batch.submit({ ...job, name: `${job.name}0` });
    await under.batch.submit({ ...job, name: job.name.toLowerCase() });
    expect(await under.batch.findByName(job.name, queue)).toEqual([id]);
    expect(await under.batch.findByName(job.name, "gpu")).toEqual([]);
    expect(await under.batch.findByName(job.name.slice(0, -1), queue)).toEqual([]);
    await under.finish(id, 0);
    expect(await under.batch.findByName(job.name, queue)).toEqual([id]);
  });

  test("unknown ids are left out", async () => {
    const id = await under.batch.submit(aJob());
    const unknown = "11111111-2222-3333-4444-555555555555";
    expect((await under.batch.describe([unknown, id, `${unknown}:0`])).map((job) => job.id)).toEqual([id]);
    expect(await under.batch.describe([])).toEqual([]);
  });

  test.each([
    [0, "SUCCEEDED"],
    [1, "FAILED"],
  ])("a job whose process exits with %i has %s", async (exitCode, state) => {
    const id = await under.batch.submit(aJob({ command: exitsWith(exitCode) }));
    await under.finish(id, exitCode);
    const job = await describeOne(id);
    expect(job).toMatchObject({
      state,
      exitCode,
      startedAt: expect.any(Number),
      stoppedAt: expect.any(Number),
    });
    expect(job?.stoppedAt).toBeGreaterThanOrEqual(job?.startedAt ?? Number.POSITIVE_INFINITY);
  });

  test("an array's children know their index, the array its size, and it succeeds when all of them succeeded", async () => {
    const job = aJob({ arraySize: 3 });
    const id = await under.batch.submit(job);
    const children = [0, 1, 2].map((index) => `${id}:${index}`);
    expect(await describeOne(id)).toMatchObject({ id, arraySize: 3 });
    expect(await describeOne(id)).not.toHaveProperty("arrayIndex");
    const described = await under.batch.describe(children);
    expect(described.map((child) => [child.id, child.arrayIndex, child.name])).toEqual(
      children.map((child, index) => [child, index, job.name]),
    );
    expect(described[2]?.environment).toMatchObject(job.environment);
    expect(await under.batch.findByName(job.name, queue)).toEqual([id]);
    for (const child of children) await under.finish(child, 0);
    await under.eventually(async () => expect(await describeOne(id)).toMatchObject({ state: "SUCCEEDED" }));
  });

  test("an array with a failed child has failed", async () => {
    const script = "import os; raise SystemExit(int(os.environ['AWS_BATCH_JOB_ARRAY_INDEX']))";
    const id = await under.batch.submit(aJob({ arraySize: 2, command: ["python", "-c", script] }));
    await under.finish(`${id}:0`, 0);
    await under.finish(`${id}:1`, 1);
    await under.eventually(async () => expect(await describeOne(id)).toMatchObject({ state: "FAILED" }));
    expect(await under.batch.describe([`${id}:0`, `${id}:1`])).toMatchObject([
      { state: "SUCCEEDED", exitCode: 0 },
      { state: "FAILED", exitCode: 1 },
    ]);
  });

  test("a running job that is terminated fails with the given reason", async () => {
    const id = await under.batch.submit(aJob({ command: runsLong }));
    await under.running(id);
    await under.batch.terminate(id, "run cancelled");
    await under.eventually(async () =>
      expect(await describeOne(id)).toMatchObject({ state: "FAILED", statusReason: "run cancelled" }),
    );
  });

  test("terminating an array ends its children", async () => {
    const id = await under.batch.submit(aJob({ command: runsLong, arraySize: 2 }));
    await under.batch.terminate(id, "run cancelled");
    await under.eventually(async () =>
      expect(await under.batch.describe([id, `${id}:0`, `${id}:1`])).toMatchObject([
        { state: "FAILED" },
        { state: "FAILED" },
        { state: "FAILED" },
      ]),
    );
  });

  test("terminating a job that has ended, or is unknown, changes nothing and is no error", async () => {
    const id = await under.batch.submit(aJob());
    await under.finish(id, 0);
    const before = await describeOne(id);
    await under.batch.terminate(id, "too late");
    expect(await describeOne(id)).toEqual(before);
    await under.batch.terminate("11111111-2222-3333-4444-555555555555", "never was");
  });
}
