import { createHash } from "node:crypto";
import type { Artifact, Json } from "../shared/pipeline/index.ts";
import { startRun } from "../shared/run/start-run.ts";
import type { Run } from "../shared/state/run.ts";
import { MemoryEngine } from "../shared/testing/memory-engine.ts";
import { startManually } from "../test/engine/driving.ts";
import { poemDatalake } from "./poem-datalake.ts";
import { poemModel } from "./poem-model.ts";

const lake = (name: string) => `s3://data/lake/poems/${name}/`;
type Forms = Readonly<Record<string, number>>;

/** An engine whose jobs are stand-ins for Python: they record their inputs and write fixed outputs. */
class PoemModels {
  readonly asked: { job: string; input: Json }[] = [];
  readonly memory: MemoryEngine;
  /** Bits per byte of the next model that is trained; the model keeps this value. */
  bitsPerByte = 2;
  private readonly bits = new Map<string, number>();
  private runs = 0;

  constructor() {
    this.memory = new MemoryEngine(
      [poemDatalake, poemModel],
      {
        "poems.unzip": async (input) => {
          this.asked.push({ job: "unzip", input });
          const manifest = await this.made(
            "runs/poem-datalake/r/unzip/0/1.1/lake.json",
            this.manifest("0123"),
          );
          await this.made("lake/poems/0123/_manifest.json", this.manifest("0123"));
          return {
            ...{
              lake: lake("0123"),
              manifest,
              report: manifest,
              sha256: manifest.sha256,
              files: 3,
              bytes: 5,
            },
            ...{ written: 1, skipped: [], forms: [{ form: "ballad", files: 2, bytes: 5 }] },
          };
        },
        "poem_model.tokenise": async (input) => {
          this.asked.push({ job: "tokenise", input });
          const part = { tokens: await this.made("runs/tokens.npy"), poems: 1, tokenCount: 9, bytes: 30 };
          return {
            ...{ tokeniser: await this.made("runs/tokenizer.json"), vocabularySize: 300, empty: 0 },
            ...{ train: part, validation: part, report: await this.made("runs/tokens.table.json") },
          };
        },
        "poem_model.train": async (input) => {
          this.asked.push({ job: "train", input });
          const folder = `runs/model-${this.bits.size + 1}`;
          const file = await this.made(`${folder}/MLmodel`);
          this.bits.set(file.sha256, this.bitsPerByte);
          return {
            model: { uri: this.memory.objects.locate(folder), files: [file] },
            metrics: {
              ...{
                steps: 3000,
                bestStep: 2900,
                stoppedEarly: false,
                trainLoss: 1,
                bestLoss: 1.1,
                parameters: 9,
              },
              ...{ tokens: 99, tokensPerSecond: 5, peakMemoryBytes: 1, microBatchSize: 32, seconds: 20 },
            },
            ...{ device: "cpu", precision: "float32", signature: { inputs: [], outputs: [] } },
            ...{ curves: await this.made("runs/training.svg"), report: await this.made("runs/t.table.json") },
          };
        },
        "poem_model.evaluate": async (input) => {
          this.asked.push({ job: "evaluate", input });
          const { model } = input as { model: { files: { sha256: string }[] } };
          const bitsPerByte = this.bits.get(model.files[0]?.sha256 ?? "") ?? 0;
          const report = await this.made("runs/evaluation.table.json");
          return {
            ...{ tokens: 9, perplexity: 40, unigramPerplexity: 200 },
            ...{ bitsPerByte, unigramBitsPerByte: 4, report },
          };
        },
        "poem_model.sample": async (input) => {
          this.asked.push({ job: "sample", input });
          const poems = await this.made("runs/poems.json");
          return { poems, report: poems };
        },
      },
      Date.parse("2021-01-01T00:00:00Z"),
    );
  }

  private manifest(name: string, forms: Forms = { ballad: 2, ode: 1 }): string {
    const catalogue = { uri: `${lake(name)}_catalogue.csv`, sha256: "0".repeat(64), bytes: 80 };
    const counts = Object.entries(forms).map(([form, files]) => ({ form, files, bytes: 5, languages: {} }));
    return JSON.stringify({ version: 1, lake: lake(name), files: 3, catalogue, forms: counts });
  }

  private async made(key: string, body = key): Promise<Artifact> {
    const uri = this.memory.objects.locate(key);
    const { versionId } = await this.memory.objects.put(uri, body, "application/json");
    const sha256 = createHash("sha256").update(body).digest("hex");
    const fields = { uri, sha256, bytes: body.length, mediaType: "application/json" };
    return versionId === undefined ? fields : { ...fields, versionId };
  }

  /** Makes a lake, which becomes the newest. */
  async fill(name: string, forms?: Forms): Promise<void> {
    await this.made(`lake/poems/${name}/_manifest.json`, this.manifest(name, forms));
    await this.made("results/poems/lake.json", this.manifest(name, forms));
  }

  async run(params: Json = {}, pipeline = "poem-model"): Promise<Run> {
    this.runs += 1;
    const cause = { kind: "manual" as const };
    const { runId } = await startRun(this.memory.engine, {
      pipeline,
      params,
      cause,
      causeKey: `${this.runs}`,
    });
    return this.memory.finish(runId);
  }

  /** The gate's decision in a run. */
  async promotion({ runId }: Run): Promise<Json> {
    const record = await this.memory.store.getStep({ runId, step: "promote", index: 0 });
    if (record === undefined || !("output" in record) || !("value" in record.output))
      throw new Error("nothing was promoted or refused");
    return record.output.value;
  }

  of(job: string): Json[] {
    return this.asked.filter((each) => each.job === job).map(({ input }) => input);
  }
}

describe("poem-model", () => {
  it("trains on the ballads of the newest lake, writes ten poems, and makes the first model champion", async () => {
    const models = new PoemModels();
    await models.fill("old");
    await models.fill("new", { ballad: 2, ode: 7 });
    const run = await models.run();
    expect(run).toMatchObject({ state: "SUCCEEDED", name: "poem-model-ballad-2021-01-01-00-00-00" });
    const catalogue = { uri: `${lake("new")}_catalogue.csv`, sha256: "0".repeat(64), bytes: 80 };
    expect(models.of("tokenise")).toEqual([
      {
        poems: { lake: lake("new"), catalogue, form: "ballad" },
        ...{ trainShare: 0.7, vocabularySize: 4096, pretrained: null },
      },
    ]);
    expect(models.of("train")).toMatchObject([
      { model: { seqLen: 256, layers: 6 }, steps: 3000, batchSize: 32, checkpointSteps: 200, seed: 42 },
    ]);
    expect(models.of("sample")).toMatchObject([{ count: 10 }]);
    expect(await models.memory.engine.models.getAlias("poems-ballad", "champion")).toBe(1);
    expect(await models.memory.engine.models.getVersion("poems-ballad", 1)).toMatchObject({
      metrics: { perplexity: 40, unigramPerplexity: 200, bitsPerByte: 2 },
      parameters: { form: "ballad", seqLen: 256, device: "cpu", vocabularySize: 300 },
      data: [catalogue],
      attachments: { poems: { uri: expect.stringContaining("models/poems-ballad/00001/") } },
    });
  });

  it("evaluates the champion on the same poems in its own tokens, and makes the better one champion", async () => {
    const models = new PoemModels();
    await models.fill("lake");
    await models.run();
    models.bitsPerByte = 2.2;
    const worse = await models.promotion(await models.run({ seed: 2 }));
    expect(worse).toMatchObject({ version: 2, promoted: false, holder: 1 });
    expect(JSON.stringify(worse)).toMatch(/bitsPerByte 2\.200, the champion's 2\.000: worse by 10 %/);
    expect(models.of("tokenise").at(-1)).toMatchObject({
      pretrained: { uri: "s3://data/models/poems-ballad/00001/model/data/" },
    });
    expect(models.of("evaluate").at(-1)).toMatchObject({
      model: { uri: "s3://data/models/poems-ballad/00001/model/" },
    });
    models.bitsPerByte = 1.9;
    expect(await models.promotion(await models.run({ seed: 3, minimumGain: 0.04 }))).toMatchObject({
      ...{ version: 3, promoted: true, holder: 3 },
    });
  });

  it("trains another form as a separate model", async () => {
    const models = new PoemModels();
    await models.fill("lake");
    await models.run();
    models.bitsPerByte = 3;
    expect(await models.promotion(await models.run({ form: "ode" }))).toMatchObject({
      ...{ name: "poems-ode", version: 1, promoted: true, holder: 1 },
    });
    expect(await models.memory.engine.models.getAlias("poems-ballad", "champion")).toBe(1);
    expect(models.of("tokenise")).toHaveLength(2);
  });

  it("starts when a lake was made, with that lake, even if there is a newer one by then", async () => {
    const models = new PoemModels();
    await models.fill("other", { sonnet: 1 });
    await models.memory.objects.put("s3://data/raw/zips/a.zip", "zip", "application/zip");
    const cause = await models.run({}, "poem-datalake");
    expect(cause.state).toBe("SUCCEEDED");
    await models.fill("newer", { ballad: 1 });
    while (await models.memory.turn());
    const { runs } = await models.memory.store.listRuns({ pipeline: "poem-model" }, 10);
    const run = await models.memory.finish(runs[0]?.runId ?? "none");
    expect(run).toMatchObject({
      state: "SUCCEEDED",
      cause: { kind: "run", pipeline: "poem-datalake", runId: cause.runId },
      params: { form: "ballad", manifest: `${lake("0123")}_manifest.json` },
    });
    expect(models.of("tokenise")).toMatchObject([{ poems: { lake: lake("0123") } }]);
  });

  it.each([
    [true, 384, 3000],
    [false, 128, 300],
  ])(
    "starts on a new lake with a model that the stage can train, with GPUs: %s",
    async (gpus, width, steps) => {
      const models = new PoemModels();
      const { engine } = models.memory;
      models.memory.engine = { ...engine, stage: { ...engine.stage, gpus } };
      await models.memory.objects.put("s3://data/raw/zips/new.zip", "zip", "application/zip");
      const { runId } = await startManually(models.memory.engine, {
        ...{ pipeline: "poem-datalake", params: { archive: { uri: "s3://data/raw/zips/new.zip" } } },
        scheduledAt: "2021-10-04T00:00:00Z",
      });
      await models.memory.finish(runId);
      while (await models.memory.turn());
      expect(models.of("train")).toMatchObject([{ model: { width }, steps }]);
    },
  );

  it("fails before any job if the lake has no poems of the form, naming the forms that it has", async () => {
    const models = new PoemModels();
    await models.fill("lake", { sonnet: 4, ode: 1, ballad: 0 });
    expect(await models.run()).toMatchObject({
      state: "FAILED",
      error: {
        step: "read_form",
        message: `${lake("lake")} has no poems of the form "ballad"; it has ode, sonnet`,
      },
    });
    expect(models.asked).toEqual([]);
  });

  it("fails before any job if there is no lake, or if the named object is no manifest", async () => {
    const models = new PoemModels();
    expect((await models.run()).error?.message).toMatch(/there is no lake of poems yet.*raw\/zips\//);
    const uri = "s3://data/lake/poems/odd/_manifest.json";
    await models.memory.objects.put(uri, "poems", "application/json");
    expect((await models.run({ manifest: uri })).error?.message).toMatch(/_manifest\.json is no manifest/);
    const gone = "s3://data/lake/poems/gone/_manifest.json";
    expect((await models.run({ manifest: gone })).error?.message).toContain(`${gone} does not exist`);
    expect(models.asked).toEqual([]);
  });

  it.each([
    [{ form: "Élégie" }, 'params.form is "Élégie": is 1 to 34 lower-case letters'],
    [
      { manifest: "s3://data/results/poems/lake.json" },
      /params\.manifest is "s3:.*": is no s3:\/\/…\/_manifest\.json/,
    ],
    [{ model: { heads: 5 } }, "params.model.width: is no multiple of model.heads"],
    [{ training: { epochs: 3 } }, "params.training"],
    [{ steps: 10 }, "steps"],
  ])("refuses %j before anything starts", async (params, problem) => {
    await expect(new PoemModels().run(params)).rejects.toThrow(problem);
  });
});
