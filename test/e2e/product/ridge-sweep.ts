import { execa } from "execa";
import { misbehave } from "../../../local/batch/misbehave.ts";
import { serverlessSpeed } from "../../../local/stack/serverless-speed.ts";
import type { Run } from "../../../shared/state/run.ts";
import { sampleEvent } from "../../sample-event.ts";
import { type DeployedService, eventually, processesOf } from "../deployed-service.ts";
import { r2ByAlpha } from "../ridge-results.ts";
import { product } from "./service.ts";

let service: DeployedService;
beforeAll(() => {
  service = product();
});

const golden = "2021-10-04T16:21:00Z";
const twoAlphas = { alphas: [1, 0.00001] };

/** Base names of what a run left behind, without the notes that jobs and the engine write for each other. */
async function leftBy(run: Run): Promise<string[]> {
  const names = (await service.listing(run)).map((key) => key.split("/").at(-1) ?? "");
  return names.filter((name) => !name.startsWith("_") && !/^\d+\.json$/.test(name)).sort();
}

describe("ridge-sweep", () => {
  it("that `sls invoke` starts returns the known figures and leaves six reports and the best model", async () => {
    const request = JSON.stringify({ pipeline: "ridge-sweep", scheduledAt: golden });
    const env = { ...service.stack.env, ...serverlessSpeed };
    const invoke = () => execa({ preferLocal: true, env })`sls invoke -f start -s local --data ${request}`;
    const { runId, created } = JSON.parse((await invoke()).stdout) as { runId: string; created: boolean };
    expect(created).toBe(true);
    const run = await service.finished(runId);
    expect(run).toMatchObject({ state: "SUCCEEDED", epoch: 1 });
    const r2 = await r2ByAlpha(service, run);
    const relative = (value: number | undefined, known: number) => Math.abs((value ?? 0) / known - 1);
    // The last bits depend on the BLAS library.
    expect(relative(r2["1"], 0.9469530482322346)).toBeLessThan(1e-12);
    expect(relative(r2["0.00001"], 0.9469269946289467)).toBeLessThan(1e-12);
    expect(await leftBy(run)).toEqual([
      "eval_model_0.0001_train_dataset_20211004162100.txt",
      "eval_model_0.001_train_dataset_20211004162100.txt",
      "eval_model_0.01_train_dataset_20211004162100.txt",
      "eval_model_0.1_train_dataset_20211004162100.txt",
      "eval_model_1.0_train_dataset_20211004162100.txt",
      "eval_model_1e-05_train_dataset_20211004162100.txt",
      "model_1.0_train_dataset_20211004162100.joblib",
    ]);
    const again = JSON.parse((await invoke()).stdout) as object;
    expect(again).toMatchObject({ runId, created: false });
  });

  it("gives the same figures on Lambda and on Batch, to the last digit", async () => {
    const run = async (pipeline: string) => {
      const request = { pipeline, scheduledAt: golden, params: twoAlphas, key: "places" };
      const { runId } = await service.start(request);
      const ended = await service.finished(runId);
      expect(ended).toMatchObject({ state: "SUCCEEDED" });
      const { steps } = await service.view(runId);
      const places = steps.flatMap(({ jobs = [] }) => jobs.map(({ queue }) => queue));
      return { r2: await r2ByAlpha(service, ended), places: [...new Set(places)] };
    };
    const onLambda = await run("ridge-sweep");
    const onBatch = await run("ridge-sweep-on-batch");
    expect([onLambda.places, onBatch.places]).toEqual([["lambda"], ["cpu"]]);
    expect(onLambda.r2).toEqual(onBatch.r2);
  });

  it("on a file that is no table of x and y fails at the first step, with the reason", async () => {
    const files: [name: string, body: string | Uint8Array, reason: RegExp][] = [
      ["empty.csv", "", /empty/i],
      ["text.csv", "Dear all,\nplease find attached\n", /column|number/i],
      ["one-column.csv", "x\n1\n2\n3\n", /column/i],
      ["nan.csv", "x,y\n1,2\nNaN,4\n5,6\n", /NaN/i],
      ["huge.csv", Buffer.alloc(200 * 1024 * 1024, "1,2\n"), /MB|bytes|large/i],
    ];
    const runs = await Promise.all(
      files.map(async ([name, body]) => {
        await service.drop(`raw/ridge/${name}`, body);
        const [run] = await service.runsFor(`s3://${service.bucket}/raw/ridge/${name}`, 1);
        if (run === undefined) throw new Error(`no run for ${name}`);
        return service.finished(run.runId);
      }),
    );
    for (const [place, [name, , reason]] of files.entries()) {
      const run = runs[place];
      expect(run).toMatchObject({ state: "FAILED", error: { step: "download_dataset", name: "FatalError" } });
      expect(run && "error" in run && run.error?.message).toMatch(reason);
      expect(run && "error" in run && run.error?.message).toContain(name);
    }
  });

  it("with parameters of a wrong type is refused before anything starts, naming the fields", async () => {
    const before = await service.store.listRuns({}, 100);
    const refused = service.start(sampleEvent("start-wrong-params") as object);
    await expect(refused).rejects.toThrow(
      /params\.alphas\.1 is "a lot": .*expected number.*params: .*"alpha"/s,
    );
    await expect(refused).rejects.toThrow("was not started");
    expect((await service.store.listRuns({}, 100)).runs).toHaveLength(before.runs.length);
  });

  it("that failed reruns only unsuccessful steps on a retry", async () => {
    const { runId } = await service.start({
      pipeline: "ridge-sweep-on-batch",
      params: twoAlphas,
      key: "retry",
    });
    await misbehave(service.stack.batchEndpoint, [
      { kind: "out-of-memory", jobName: `${runId}-evaluate_model*`, times: 1 },
    ]);
    const failed = await service.finished(runId);
    expect(failed).toMatchObject({ state: "FAILED", error: { name: "OutOfMemory" } });
    expect(await service.invoke("manage", { action: "retry", runId })).toMatchObject({
      state: "RUNNING",
      epoch: 2,
    });
    expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED", epoch: 2 });
    const again = (await service.steps(runId)).filter(({ epoch }) => epoch === 2);
    const names = again.filter(({ index }) => index !== "map").map(({ step }) => step);
    expect(names.filter((name) => name === "evaluate_model")).toHaveLength(1);
    expect(new Set(names)).toEqual(new Set(["evaluate_model", "select_best", "cleanup_file"]));
    await expect(service.invoke("manage", { action: "retry", runId })).rejects.toThrow(
      "Start a new run instead",
    );
  });

  it("that is cancelled ends the Batch process, and starts nothing more", async () => {
    const { runId } = await service.start({
      pipeline: "ridge-sweep-on-batch",
      params: twoAlphas,
      key: "cancel",
    });
    await eventually("a job's process", async () => processesOf(runId)[0]);
    const answer = await service.invoke("manage", { action: "cancel", runId });
    expect(["CANCELLING", "CANCELLED"]).toContain((answer as { state: string }).state);
    const run = await service.finished(runId);
    expect(run.state).toBe("CANCELLED");
    expect(processesOf(runId)).toEqual([]);
    const records = await service.steps(runId);
    expect(records.map(({ step, state }) => [step, state])).toEqual([["download_dataset", "CANCELLED"]]);
  });
});

describe("ridge-sweep-subruns", () => {
  it("trains each model in a run of its own, on the queue that it is given, and links to these runs", async () => {
    const models = [
      { alpha: 1, queue: "cpu" },
      { alpha: 0.00001, queue: "gpu" },
    ];
    const params = { models };
    const { runId } = await service.start({
      pipeline: "ridge-sweep-subruns",
      params,
      scheduledAt: golden,
    });
    const run = await service.finished(runId);
    expect(run).toMatchObject({ state: "SUCCEEDED" });
    expect((await r2ByAlpha(service, run))["1"]).toBeCloseTo(0.9469530482322346, 12);
    const { steps } = await service.view(runId);
    const links = steps.find(({ name }) => name === "train_model")?.childRuns ?? [];
    expect(links).toMatchObject([
      { index: 0, state: "SUCCEEDED" },
      { index: 1, state: "SUCCEEDED" },
    ]);
    const children = await Promise.all(links.map((link) => service.view(link.runId)));
    expect(children.map(({ cause }) => cause)).toMatchObject([
      { kind: "step", runId, step: "train_model", index: 0 },
      { kind: "step", runId, step: "train_model", index: 1 },
    ]);
    const queues = children.map(({ steps: own }) =>
      own.flatMap(({ jobs = [] }) => jobs.map(({ queue }) => queue)),
    );
    expect(queues).toEqual([["cpu"], ["gpu"]]);
  });
});
