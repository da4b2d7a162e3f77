import { createHash } from "node:crypto";
import { taxiScoring } from "../pipelines/taxi-scoring.ts";
import { taxiTraining } from "../pipelines/taxi-training.ts";
import type { Artifact, Json, Pipeline } from "../shared/pipeline/index.ts";
import { startRun } from "../shared/run/start-run.ts";
import { MemoryEngine } from "../shared/testing/memory-engine.ts";

const rows = { read: 50_000, kept: 48_900, dropped: { incomplete: 0, otherMonth: 250, duration: 850 } };

/** An engine with the taxi pipelines. Stand-ins for the Python jobs record what they were asked. */
export class TaxiEngine {
  readonly asked: { job: string; input: Json }[] = [];
  readonly memory: MemoryEngine;
  /** RMSE of the model that is trained next. The champion keeps the RMSE of its own training. */
  rmse = 4;
  private readonly trained = new Map<string, number>();
  private runs = 0;

  constructor() {
    this.memory = new MemoryEngine(
      [taxiTraining, taxiScoring] as readonly Pipeline[],
      {
        "taxi.features": async (input) => {
          this.asked.push({ job: "features", input });
          const { training, validation } = input as Record<string, { uri: string; bytes: number }>;
          const frame = async (month: typeof training) => ({
            file: await this.made(`${month?.uri}.features.parquet`),
            rows,
          });
          const data = [training, validation].map((month) => ({
            ...{ uri: month?.uri ?? "", bytes: month?.bytes ?? 0, rows: 50_000, sha256: "0".repeat(64) },
          }));
          return {
            ...{ training: await frame(training), validation: await frame(validation), data },
            report: await this.made("s3://data/runs/rides.table.json"),
          };
        },
        "taxi.search": async (input) => {
          this.asked.push({ job: "search", input });
          const best = { maxDepth: 4, learningRate: 0.1, l2Regularization: 1 };
          const report = await this.made("s3://data/runs/search.table.json");
          return { best, rmse: this.rmse, evaluations: [{ ...best, rmse: this.rmse }], report };
        },
        "taxi.train": async (input) => {
          this.asked.push({ job: "train", input });
          const { champion } = input as { champion: { files: { sha256: string }[] } | null };
          const uri = `s3://data/runs/model-${this.trained.size + 1}/model`;
          const file = await this.made(`${uri}/MLmodel`);
          this.trained.set(file.sha256, this.rmse);
          const { rmse } = this;
          return {
            model: { uri, files: [file] },
            metrics: {
              ...{
                rmse,
                trainRmse: 3,
                baseRmse: 10,
                trainRows: 48_900,
                validationRows: 48_900,
                routes: 14_000,
              },
            },
            candidate: { rmse },
            champion: champion && { rmse: this.trained.get(champion.files[0]?.sha256 ?? "") ?? Number.NaN },
            base: { rmse: 10 },
            signature: { inputs: [], outputs: [] },
            report: await this.made("s3://data/runs/validation.table.json"),
          };
        },
        "taxi.score": async (input) => {
          this.asked.push({ job: "score", input });
          const predictions = await this.made(`s3://data/runs/predictions-${this.asked.length}.parquet`);
          const report = await this.made("s3://data/runs/phases.table.json");
          return { ...{ predictions, rows, unseen: 7, rmse: 4, phases: [], report } };
        },
      },
      Date.parse("2021-01-01T00:00:00Z"),
    );
  }

  /** An object whose content is the URI where it was first put. */
  private async made(uri: string): Promise<Artifact> {
    await this.memory.objects.put(uri, uri, "text/plain");
    const sha256 = createHash("sha256").update(uri).digest("hex");
    return { uri, sha256, bytes: uri.length, mediaType: "text/plain" };
  }

  /** Drops the files of months such as 2021-03. */
  async drop(...months: string[]): Promise<void> {
    for (const month of months) {
      await this.memory.objects.put(
        `s3://data/raw/taxi/green_tripdata_${month}.parquet`,
        month,
        "text/plain",
      );
    }
  }

  /** Runs a pipeline, and returns its end and the results of its steps. */
  async run(pipeline: string, params: Json = {}, scheduledAt = "2021-04-02T03:00:00Z") {
    this.runs += 1;
    const start = { pipeline, params, scheduledAt, cause: { kind: "manual" }, causeKey: String(this.runs) };
    const { runId } = await startRun(this.memory.engine, start as Parameters<typeof startRun>[1]);
    const { state, error } = await this.memory.finish(runId);
    const records = await this.memory.store.listSteps(runId);
    const results = records.flatMap((record) =>
      "output" in record && "value" in record.output ? [[record.step, record.output.value] as const] : [],
    );
    return { runId, state, error, results: Object.fromEntries(results) as Record<string, Json> };
  }

  of(job: string): unknown[] {
    return this.asked.filter((each) => each.job === job).map(({ input }) => input);
  }

  /** Keys of what was published. */
  async published(): Promise<string[]> {
    return (await this.memory.objects.list("results/")).objects.map(({ key }) => key);
  }
}
