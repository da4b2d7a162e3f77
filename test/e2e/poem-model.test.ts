/** @needs torch */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { poem_model } from "../../batch-jobs/poem_model/contract.ts";
import { misbehave } from "../../local/batch/misbehave.ts";
import { REPOSITORY, VENV } from "../../local/stack/paths.ts";
import { dynamoModelRegistry } from "../../shared/adapters/aws/dynamo-model-registry.ts";
import { dynamoClient } from "../../shared/adapters/aws/dynamo-table.ts";
import type { ModelRegistry } from "../../shared/ports/model-registry.ts";
import type { Run } from "../../shared/state/run.ts";
import { type DeployedService, deployService, eventually } from "./deployed-service.ts";
import { smallModel } from "./poem-pipelines.ts";

const folder = mkdtempSync(path.join(tmpdir(), "millrace-poem-model-"));
const promotion = z.object({
  version: z.number(),
  promoted: z.boolean(),
  holder: z.number(),
  reason: z.string(),
});
let service: DeployedService;
let models: ModelRegistry;

const source = (file: string) => readFileSync(path.join(REPOSITORY, file), "utf8");

beforeAll(async () => {
  const copied = ["pipelines/poem-datalake.ts", "pipelines/poem-model.ts"];
  service = await deployService({
    // Each job asks for two vCPUs, and spends half its time on importing libraries.
    vcpus: 4,
    catalogue: {
      index: 'export { pipelines } from "../test/e2e/poem-pipelines.ts";',
      sources: ["test/e2e/poem-pipelines.ts"],
      files: Object.fromEntries(copied.map((file) => [file, source(file)])),
    },
  });
  const { awsEndpoint: endpoint, region } = service.stack;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  models = dynamoModelRegistry({
    client: dynamoClient({ endpoint, region, credentials }),
    name: "millrace-local",
  });
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await service?.close();
});

async function generated(files: number): Promise<Uint8Array> {
  const file = path.join(folder, "poems.zip");
  const options = ["--files", String(files), "--seed", "1", "--out", file];
  await execa(path.join(VENV, "bin", "python"), ["-m", "data", "poems", ...options], {
    env: { PYTHONPATH: path.join(REPOSITORY, "local") },
  });
  return readFileSync(file);
}

/** Runs of a pipeline, as soon as there are any. */
const runsOf = (pipeline: string) =>
  eventually(`a run of ${pipeline}`, async () => {
    const { runs } = await service.store.listRuns({ pipeline }, 10);
    return runs.length > 0 ? runs : undefined;
  });

const start = async (key: string, params: object, refresh = false): Promise<string> => {
  const started = await service.start({
    ...{ pipeline: "poem-model", key, refresh, params: { ...smallModel, ...params } },
  });
  return started.runId;
};

/** SHA-256 of the weights that a run trained. */
async function weightsOf(runId: string): Promise<string | undefined> {
  const { model } = poem_model.train.output.parse(await service.output(runId, "train"));
  return model.files.find(({ uri }) => uri.endsWith(".safetensors"))?.sha256;
}

const promotionOf = async (runId: string) => promotion.parse(await service.output(runId, "promote"));

describe("poem-model", () => {
  let first: Run;

  it("follows a new lake with a model that predicts its ballads twice as well as frequencies do, and ten poems", async () => {
    await service.drop("raw/zips/poems.zip", await generated(600));
    const [lake] = await runsOf("poem-datalake");
    const [run, ...others] = await runsOf("poem-model");
    first = await service.finished(run?.runId ?? "none");
    expect(first).toMatchObject({
      state: "SUCCEEDED",
      cause: { kind: "run", pipeline: "poem-datalake", runId: lake?.runId },
    });
    expect(others).toEqual([]);
    expect((await service.view(lake?.runId ?? "none")).afterwards).toMatchObject([
      { kind: "start", name: "poem-model", state: "SUCCEEDED", child: first.runId },
    ]);

    const { perplexity, unigramPerplexity } = poem_model.evaluate.output.parse(
      await service.output(first.runId, "evaluate"),
    );
    expect(perplexity).toBeLessThanOrEqual(unigramPerplexity / 2);
    const { poems } = poem_model.sample.output.parse(await service.output(first.runId, "sample"));
    expect(JSON.parse(await service.read(poems.uri))).toHaveLength(10);

    expect(await models.getAlias("poems-ballad", "champion")).toBe(1);
    expect(await models.getVersion("poems-ballad", 1)).toMatchObject({
      metrics: { perplexity, unigramPerplexity },
      parameters: { form: "ballad", device: "cpu" },
      training: { pipeline: "poem-model", step: "train", job: "poem_model.train" },
    });
    const training = (await service.view(first.runId)).steps.find(({ name }) => name === "train");
    expect(training).toMatchObject({ queue: "cpu", withoutGpu: true });
  });

  it("returns the same weights if its machine is taken back during the training, and has a separate champion for another form", async () => {
    const interrupted = await start("interrupted", {}, true);
    // The training job comes two jobs later, so there's time to set this up.
    await misbehave(service.stack.batchEndpoint, [
      {
        ...{ kind: "spot-interruption", jobName: `${interrupted}-train-*`, times: 1 },
        whenLogged: "checkpoint saved",
      },
    ]);
    const odes = await start("odes", { form: "ode" });
    expect(await service.finished(interrupted)).toMatchObject({ state: "SUCCEEDED" });
    const record = await service.store.getStep({ runId: interrupted, step: "train", index: 0 });
    const [attempt] = record?.jobAttempts ?? [];
    expect(attempt?.tries).toMatchObject([{ reason: expect.stringContaining("Host EC2") }, {}]);
    const stream = attempt?.tries[1]?.log?.split(":")[1] ?? "";
    const log = new URL(`/_local/logs?stream=${encodeURIComponent(stream)}`, service.stack.batchEndpoint);
    expect(await (await fetch(log)).text()).toContain('"going on after a checkpoint"');
    expect(await weightsOf(interrupted)).toBe(await weightsOf(first.runId));
    // The same model is no better than itself, measured in its own tokens.
    const again = await promotionOf(interrupted);
    expect(again).toMatchObject({ promoted: false, holder: 1 });
    expect(again.reason).toMatch(/bitsPerByte (\d\.\d+), the champion's \1: /);

    expect(await service.finished(odes)).toMatchObject({ state: "SUCCEEDED" });
    expect(await promotionOf(odes)).toMatchObject({ version: 1, promoted: true, holder: 1 });
    expect(await models.getAlias("poems-ode", "champion")).toBe(1);
    expect(await models.getAlias("poems-ballad", "champion")).toBe(1);
  });
});
