import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { execa } from "execa";
import { misbehave } from "../../../local/batch/misbehave.ts";
import { REPOSITORY, VENV } from "../../../local/stack/paths.ts";
import { dynamoModelRegistry } from "../../../shared/adapters/aws/dynamo-model-registry.ts";
import { dynamoClient } from "../../../shared/adapters/aws/dynamo-table.ts";
import type { ModelVersion } from "../../../shared/pipeline/model.ts";
import type { ModelRegistry } from "../../../shared/ports/model-registry.ts";
import type { Run } from "../../../shared/state/run.ts";
import type { JobTry } from "../../../shared/state/step-record.ts";
import { TestReceiver } from "../../notice/receiver.ts";
import { type DeployedService, eventually } from "../deployed-service.ts";
import { datasets } from "./service.ts";

const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const receiver = new TestReceiver();
const folder = mkdtempSync(path.join(tmpdir(), "millrace-ctr-"));
let service: DeployedService;
let models: ModelRegistry;

beforeAll(async () => {
  service = datasets();
  const { awsEndpoint: endpoint, region } = service.stack;
  const client = dynamoClient({ endpoint, region, credentials });
  models = dynamoModelRegistry({ client, name: "millrace-local" });
  await receiver.start();
  const ssm = new SSMClient({ endpoint, region, credentials });
  const secret = { Name: "/millrace/local/ctr-slack", Value: receiver.url("/slack") };
  await ssm.send(new PutParameterCommand({ ...secret, Type: "SecureString" }));
  ssm.destroy();
});

afterAll(async () => {
  await receiver.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A file of generated click logs. */
async function generated(name: string, options: readonly string[]): Promise<Uint8Array> {
  const file = path.join(folder, name);
  await execa(path.join(VENV, "bin", "python"), ["-m", "data", "ctr", ...options, "--out", file], {
    env: { PYTHONPATH: path.join(REPOSITORY, "local") },
  });
  return readFileSync(file);
}

/** Drops a file, and returns the run that it started when that run has ended. */
async function dropped(name: string, body: Uint8Array): Promise<Run> {
  const key = `raw/ctr/${name}`;
  await service.drop(key, body);
  const [run] = await service.runsFor(`s3://${service.bucket}/${key}`, 1);
  if (run === undefined) throw new Error(`no run was started by ${key}`);
  return service.finished(run.runId);
}

async function version(number: number): Promise<ModelVersion> {
  const found = await models.getVersion("ctr", number);
  if (found === undefined) throw new Error(`there is no version ${number} of ctr`);
  return found;
}

/** What a run left behind, without the notes of the jobs and the engine. */
const leftBy = async (run: Run) =>
  (await service.listing(run)).filter((key) => !/^(_|\d+\.json$)/.test(key.split("/").at(-1) ?? ""));

/** The log of one try of a job. */
async function logOf(jobTry: JobTry | undefined): Promise<string> {
  const stream = jobTry?.log?.split(":")[1] ?? "";
  const url = new URL(`/_local/logs?stream=${encodeURIComponent(stream)}`, service.stack.batchEndpoint);
  return (await fetch(url)).text();
}

/** Steps of a run that were begun, without those that follow its end. */
const stepsOf = async (run: Run) =>
  (await service.steps(run.runId)).map(({ step }) => step).filter((step) => !step.startsWith("@"));

describe("ctr-training", () => {
  it("makes the first day's model champion, and promotes or refuses the next day's with figures", async () => {
    const first = await dropped(
      "2014-10-21.csv.gz",
      await generated("1.csv.gz", ["--rows", "40000", "--days", "1", "--seed", "1"]),
    );
    expect(first).toMatchObject({ state: "SUCCEEDED" });
    expect(first.name).toMatch(/^ctr-training-\d{4}(-\d\d){5}$/);
    expect(await service.output(first.runId, "promote")).toMatchObject({ version: 1, promoted: true });
    expect(await leftBy(first)).toEqual([
      "train/0/1.1/model/MLmodel",
      "train/0/1.1/model/code/ctr_model.py",
      "train/0/1.1/model/data/coefficients.npy",
      "train/0/1.1/model/data/model.json",
      "train/0/1.1/model/input_example.json",
      "train/0/1.1/model/python_env.yaml",
      "train/0/1.1/model/requirements.txt",
      "train/0/1.1/model/serving_input_example.json",
      "train/0/1.1/report/training.table.json",
      "validate_data/0/1.1/profile.json",
      "validate_data/0/1.1/report/checks.table.json",
      "validate_model/0/1.1/report/evaluation.table.json",
    ]);
    const one = await version(1);
    expect(one.metrics.testLogLoss).toBeLessThan(one.metrics.baseLogLoss ?? 0);
    expect(one).toMatchObject({
      data: [{ uri: expect.stringContaining("2014-10-21.csv.gz"), rows: 40_000 }],
      training: { pipeline: "ctr-training", runId: first.runId, step: "train", job: "ctr.train" },
      seed: 42,
    });

    const second = await dropped(
      "2014-10-22.csv",
      await generated("2.csv", [
        ...["--rows", "40000", "--days", "1", "--first-day", "2014-10-22", "--seed", "2"],
      ]),
    );
    expect(second).toMatchObject({ state: "SUCCEEDED" });
    const promotion = (await service.output(second.runId, "promote")) as {
      promoted: boolean;
      reason: string;
    };
    expect(promotion.reason).toMatch(/0\.\d{3,}.*0\.\d{3,}.*%/);
    expect(await models.getAlias("ctr", "champion")).toBe(promotion.promoted ? 2 : 1);
    const evaluation = await service.output(second.runId, "validate_model");
    expect(evaluation).toMatchObject({ champion: { logLoss: expect.any(Number) } });
  });

  it("trains nothing on a poisoned file, names the wrong line and column, and notifies Slack once", async () => {
    const options = ["--rows", "20000", "--days", "1", "--seed", "3", "--poison", "click-of-two"];
    const run = await dropped("poisoned.csv", await generated("poisoned.csv", options));
    expect(run).toMatchObject({ state: "FAILED", error: { step: "validate_data[0]" } });
    expect(run.error?.message).toMatch(/poisoned\.csv, line 10002, column click is '2'/);
    expect(new Set(await stepsOf(run))).toEqual(new Set(["extract", "validate_data"]));
    const notice = await eventually("the notice", async () => receiver.received[0]);
    expect(JSON.parse(notice.body)).toMatchObject({
      text: expect.stringContaining("ctr-training failed in local"),
    });
    await eventually("the notice to be kept", async () => {
      const { afterwards } = await service.view(run.runId);
      return afterwards.find(({ name, state }) => name === "slack" && state === "SUCCEEDED");
    });
    expect(receiver.received).toHaveLength(1);
  });

  it("returns the same model, to the last bit, if the machine is taken back during the training", async () => {
    const [{ uri, versionId } = { uri: "", versionId: undefined }] = (await version(1)).data;
    const train = (key: string, refresh: boolean) =>
      service.start({
        pipeline: "ctr-training-slow",
        key,
        params: { files: [{ uri, versionId }], featureBits: 12 },
        refresh,
      });
    const whole = await train("whole", false);
    expect(await service.finished(whole.runId)).toMatchObject({ state: "SUCCEEDED" });

    const { runId } = await train("interrupted", true);
    // The training job comes two jobs later, so there's time to set this up.
    await misbehave(service.stack.batchEndpoint, [
      {
        kind: "spot-interruption",
        jobName: `${runId}-train-*`,
        times: 1,
        whenLogged: "saved a checkpoint",
      },
    ]);
    expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
    // Batch itself tries again on another machine, and the training continues where it was.
    const record = await service.store.getStep({ runId, step: "train", index: 0 });
    expect(record?.jobAttempts).toMatchObject([
      { state: "SUCCEEDED", tries: [{ reason: expect.stringContaining("Host EC2") }, {}] },
    ]);
    expect(await logOf(record?.jobAttempts?.[0]?.tries[1])).toContain('"going on after a checkpoint"');
    const [expected, resumed] = await Promise.all(
      [whole.runId, runId].map(async (id) => {
        const { version: number } = (await service.output(id, "register_model")) as { version: number };
        return version(number);
      }),
    );
    expect(resumed?.version).not.toBe(expected?.version);
    expect(resumed?.digest).toBe(expected?.digest);
  });
});
