import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { behave, misbehave } from "../../../local/batch/misbehave.ts";
import type { Run } from "../../../shared/state/run.ts";
import { type DeployedService, eventually, processesOf } from "../deployed-service.ts";
import { workersOf } from "../rounds/inject-faults.ts";
import { product } from "./service.ts";

let service: DeployedService;
beforeAll(() => {
  service = product();
});
afterEach(() => behave(service.stack.batchEndpoint));

/** Milliseconds between ticks. The scheduler's minute is too long for a test. */
const tick = 5000;
const start = (key: string) =>
  service.start({ pipeline: "ridge-sweep-on-batch", params: { alphas: [1, 0.00001] }, key });

/** Every step succeeded, each result was committed once, and no process is left over. */
async function expectComplete(run: Run) {
  expect(run).toMatchObject({ state: "SUCCEEDED", epoch: 1 });
  const records = await service.steps(run.runId);
  expect(new Set(records.map(({ state }) => state))).toEqual(new Set(["SUCCEEDED"]));
  const count = (step: string) =>
    records.filter((record) => record.step === step && record.index !== "map").length;
  expect(
    [
      "download_dataset",
      "preprocess_dataset",
      "train_model",
      "evaluate_model",
      "select_best",
      "cleanup_file",
    ].map(count),
  ).toEqual([1, 1, 2, 2, 1, 4]);
  const manifests = (await service.listing(run)).filter((key) => key.endsWith("_manifest.json"));
  const places = manifests.map((key) => key.split("/").slice(0, 2).join("/"));
  expect(places.length).toBe(new Set(places).size);
  expect(places).toHaveLength(6);
  expect(processesOf(run.runId)).toEqual([]);
}

describe("a run survives", () => {
  it("workers killed with SIGKILL repeatedly while it runs", async () => {
    const { runId } = await start("workers");
    let killed = 0;
    while (killed < 8 && (await service.store.getRun(runId))?.state === "RUNNING") {
      const pid = await eventually("a worker", async () => workersOf(service)[0]);
      process.kill(pid, "SIGKILL");
      killed += 1;
      await delay(700);
    }
    // On any machine, the jobs of a run take longer than three of these rounds.
    expect(killed).toBeGreaterThanOrEqual(3);
    await expectComplete(await service.finished(runId, tick));
  });

  it("a kill and a restart of the whole stack in the middle", async () => {
    const { runId } = await start("stack");
    await eventually("the first job's end", async () => {
      const records = await service.steps(runId);
      return records.find(({ step, state }) => step === "preprocess_dataset" && state !== "SUCCEEDED");
    });
    await service.stack.kill();
    await service.stack.restart();
    await expectComplete(await service.finished(runId, tick));
  });

  it("a Batch that repeats, reorders, delays and drops events, throttles, and loses responses", async () => {
    await misbehave(service.stack.batchEndpoint, [
      { kind: "duplicate-event", probability: 0.5, seed: 1 },
      { kind: "delay-event", probability: 0.3, seed: 2, delayMs: 1500 },
      { kind: "drop-event", probability: 0.2, seed: 3 },
      { kind: "throttle", operation: "SubmitJob", times: 2 },
      { kind: "lose-submit-response", loss: "cut-connection", times: 1 },
      { kind: "lose-submit-response", loss: "server-error", times: 1 },
      { kind: "spot-interruption", times: 1, whenLogged: '"started"' },
    ]);
    const { runId } = await start("batch");
    await expectComplete(await service.finished(runId, tick));
  });
});

describe("a run ends as failed, with the reason,", () => {
  it("if its job is killed", async () => {
    const { runId } = await start("killed");
    const pid = await eventually("the job's process", async () => {
      return processesOf(runId).find((each) =>
        readFileSync(`/proc/${each}/comm`, "utf8").startsWith("python"),
      );
    });
    process.kill(pid, "SIGKILL");
    expect(await service.finished(runId, tick)).toMatchObject({
      state: "FAILED",
      error: { step: "download_dataset", message: expect.stringContaining("137") },
    });
  });

  it("if its job's image cannot be pulled, after the attempts for infrastructure", async () => {
    await misbehave(service.stack.batchEndpoint, [{ kind: "pull-failure" }]);
    const { runId } = await start("pull");
    const run = await service.finished(runId, tick);
    expect(run).toMatchObject({
      state: "FAILED",
      error: { step: "download_dataset", name: "ImagePullFailed" },
    });
  });
});
