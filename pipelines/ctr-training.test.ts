import { createHash } from "node:crypto";
import type { Artifact, Json } from "../shared/pipeline/index.ts";
import { startRun } from "../shared/run/start-run.ts";
import { MemoryEngine } from "../shared/testing/memory-engine.ts";
import { ctrTraining, inOrder } from "./ctr-training.ts";

/** What the stand-ins return for a file with this name. */
type Day = { firstHour: string; lastHour: string; logLoss: number };

type Train = { files: { uri: string }[] };
type Evaluate = Train & { candidate: { uri: string }; champion: { uri: string } | null };

/** An engine whose jobs are stand-ins for Python: they record their inputs, and their outputs follow from `days`. */
class Training {
  readonly asked: { job: string; input: Json }[] = [];
  readonly memory: MemoryEngine;
  /** Log-loss of the model in a folder, on any data. */
  private readonly logLoss = new Map<string, number>();
  private models = 0;

  constructor(days: Readonly<Record<string, Day>>) {
    const dayOf = ({ uri }: { uri: string }) => {
      const day = days[uri.replace("s3://data/raw/ctr/", "")];
      if (day === undefined) throw new Error(`no day is known for ${uri}`);
      return day;
    };
    this.memory = new MemoryEngine(
      [ctrTraining],
      {
        "ctr.validate": async (input) => {
          this.asked.push({ job: "validate", input });
          const { file } = input as { file: { uri: string } };
          const { firstHour, lastHour } = dayOf(file);
          return {
            file: {
              ...file,
              sha256: createHash("sha256").update(file.uri).digest("hex"),
              bytes: 5,
              rows: 1000,
            },
            ...{ clicks: 170, clickRate: 0.17, firstHour, lastHour, unseenShare: null },
            profile: await this.made(`${file.uri}.profile.json`),
            report: await this.made(`${file.uri}.report.json`),
          };
        },
        "ctr.train": async (input) => {
          this.asked.push({ job: "train", input });
          this.models += 1;
          const uri = `s3://data/runs/model-${this.models}/model/`;
          const [last] = (input as Train).files.slice(-1);
          if (last === undefined) throw new Error("nothing to train on");
          this.logLoss.set(uri, dayOf(last).logLoss);
          const metrics = { rows: 1000, trainRows: 900, testRows: 100, clickRate: 0.17, trainLogLoss: 0.4 };
          return {
            model: { uri, files: [await this.made(`${uri}MLmodel`)] },
            metrics: { ...metrics, testLogLoss: 0.4, baseLogLoss: 0.45, seconds: 1, rowsPerSecond: 1000 },
            signature: { inputs: [], outputs: [] },
            report: await this.made(`${uri}../report.md`),
          };
        },
        "ctr.evaluate": async (input) => {
          this.asked.push({ job: "evaluate", input });
          const { candidate, champion } = input as Evaluate;
          const lossOf = async ({ uri }: { uri: string }) => ({ logLoss: await this.lossOf(uri) });
          return {
            ...{ testRows: 100, baseLogLoss: 0.45, candidate: await lossOf(candidate) },
            champion: champion && (await lossOf(champion)),
            report: await this.made(`${candidate.uri}../evaluation.md`),
          };
        },
      },
      Date.parse("2021-01-01T00:00:00Z"),
    );
    // As on AWS, the cache key of a result contains the version of the jobs' image.
    this.memory.engine = { ...this.memory.engine, jobVersions: new Map([["ctr", "1"]]) };
  }

  /** A registered model is identified by its content, which names the folder in which it was made. */
  private async lossOf(folder: string): Promise<number> {
    const body = Buffer.from((await this.memory.objects.get(`${folder}MLmodel`)) ?? []).toString();
    const loss = this.logLoss.get(body.replace("MLmodel", ""));
    if (loss === undefined) throw new Error(`no model is known at ${folder}`);
    return loss;
  }

  /** An object whose content is the address where it was first put. */
  private async made(uri: string): Promise<Artifact> {
    await this.memory.objects.put(uri, uri, "text/plain");
    const sha256 = createHash("sha256").update(uri).digest("hex");
    return { uri, sha256, bytes: uri.length, mediaType: "text/plain" };
  }

  /** Drops files in the given order. */
  async drop(...names: string[]): Promise<void> {
    for (const name of names) await this.memory.objects.put(`s3://data/raw/ctr/${name}`, name, "text/csv");
  }

  /** Runs the pipeline, and returns its state, its error, and the result of its last step. */
  async run(params: Json = {}) {
    const cause = { kind: "manual" } as const;
    const causeKey = String(this.asked.length);
    const start = { pipeline: "ctr-training", params, cause, causeKey };
    const { runId } = await startRun(this.memory.engine, start);
    const { state, error, name } = await this.memory.finish(runId);
    const promotion = await this.memory.store.getStep({ runId, step: "promote", index: 0 });
    const said = promotion && "output" in promotion && "value" in promotion.output && promotion.output.value;
    return { runId, name, state, error, promotion: said || undefined };
  }

  of(job: string): unknown[] {
    return this.asked.filter((each) => each.job === job).map(({ input }) => input);
  }
}

const first = { firstHour: "14102100", lastHour: "14102123", logLoss: 0.4 };
const second = { firstHour: "14102200", lastHour: "14102223", logLoss: 0.39 };
const worse = { firstHour: "14102300", lastHour: "14102323", logLoss: 0.41 };
const uri = (name: string) => `s3://data/raw/ctr/${name}`;

describe("ctr-training", () => {
  it("makes the first model champion, and a better one after it", async () => {
    const training = new Training({ "21.csv": first, "22.csv.gz": second });
    await training.drop("21.csv");
    expect(await training.run({ files: [{ uri: uri("21.csv") }] })).toMatchObject({
      state: "SUCCEEDED",
      promotion: { version: 1, promoted: true, holder: 1 },
    });
    await training.drop("22.csv.gz");
    expect(await training.run({ files: [{ uri: uri("22.csv.gz") }] })).toMatchObject({
      state: "SUCCEEDED",
      promotion: { version: 2, promoted: true, holder: 2 },
    });
    expect(training.of("evaluate")).toMatchObject([
      { champion: null },
      { champion: { uri: expect.stringContaining("models/ctr/00001/") } },
    ]);
  });

  it("refuses a worse model with the figures, and keeps it as a version", async () => {
    const training = new Training({ "21.csv": first, "23.csv": worse });
    await training.drop("21.csv", "23.csv");
    await training.run({ files: [{ uri: uri("21.csv") }] });
    const { state, promotion } = await training.run({ files: [{ uri: uri("23.csv") }] });
    expect(state).toBe("SUCCEEDED");
    expect(promotion).toMatchObject({ version: 2, promoted: false, holder: 1 });
    expect(JSON.stringify(promotion)).toMatch(/0\.41.*0\.4.*%/);
    expect(await training.memory.engine.models.getVersion("ctr", 2)).toMatchObject({
      data: [{ uri: uri("23.csv"), rows: 1000 }],
      parameters: { alpha: 1e-6, featureBits: 20 },
      seed: 42,
    });
  });

  it("never promotes a model that is worse than the base rate, with or without a champion, and gives the reason", async () => {
    const useless = { ...second, logLoss: 0.46 };
    const training = new Training({ "21.csv": first, "22.csv": useless });
    await training.drop("21.csv", "22.csv");
    const refused = {
      state: "SUCCEEDED",
      promotion: { promoted: false, reason: expect.stringMatching(/0\.46.*base rate's 0\.45.*worse by/) },
    };
    const alone = await training.run({ files: [{ uri: uri("22.csv") }] });
    expect(alone).toMatchObject(refused);
    expect(alone.promotion).toMatchObject({ holder: null });
    await training.run({ files: [{ uri: uri("21.csv") }] });
    expect(await training.run({ files: [{ uri: uri("22.csv") }] })).toMatchObject(refused);
    expect(await training.memory.engine.models.getAlias("ctr", "champion")).toBe(2);
  });

  it("compares the data with the champion's, by the profile that was stored with the model", async () => {
    const training = new Training({ "21.csv": first, "22.csv": second });
    await training.drop("21.csv", "22.csv");
    await training.run({ files: [{ uri: uri("21.csv") }] });
    await training.run({ files: [{ uri: uri("22.csv") }] });
    expect(training.of("validate")).toMatchObject([
      { champion: null },
      { champion: { uri: expect.stringContaining("models/ctr/00001/attachments/profile/") } },
    ]);
  });

  it("uses the newest file by default, among any number of files", async () => {
    const training = new Training({ "21.csv": first, "22.csv": second });
    await training.drop("22.csv", "21.csv", "notes.txt");
    await training.run();
    expect(training.of("train")).toMatchObject([{ files: [{ uri: uri("21.csv") }] }]);
    await training.run({ recent: 5 });
    expect(training.of("train").slice(1)).toMatchObject([
      { files: [{ uri: uri("21.csv") }, { uri: uri("22.csv") }] },
    ]);
  });

  it("reuses the first run's results if the data hasn't changed", async () => {
    const training = new Training({ "21.csv": first });
    await training.drop("21.csv");
    await training.run({ minimumGain: 0 });
    await training.run({ minimumGain: 0 });
    expect(training.of("train")).toHaveLength(1);
    expect(await training.memory.engine.models.getVersion("ctr", 2)).toBeUndefined();
  });

  it("stops before the training if a file is gone, or if there is none", async () => {
    const training = new Training({});
    expect(await training.run({ files: [{ uri: uri("21.csv") }] })).toMatchObject({
      state: "FAILED",
      error: {
        step: "extract",
        message: `${uri("21.csv")} does not exist; drop it again, or name another file`,
      },
    });
    expect((await training.run({})).error?.message).toMatch(
      /there is no \.csv or \.csv\.gz under raw\/ctr\//,
    );
    expect(training.asked).toEqual([]);
  });

  it("is named by its scheduled time", async () => {
    const training = new Training({});
    expect((await training.run()).name).toBe("ctr-training-2021-01-01-00-00-00");
  });

  it("notifies Slack of a failure in production only", () => {
    const [notice] = ctrTraining.graph.notices ?? [];
    expect(notice).toMatchObject({ on: ["FAILED", "TIMED_OUT"], stages: ["prod"], to: { kind: "slack" } });
    const [, hourly] = ctrTraining.triggers;
    expect(hourly).toMatchObject({ kind: "cron", expression: "0 * * * *", active: ["prod"] });
  });
});

describe("training files in order", () => {
  const profile = { uri: "s3://data/p", sha256: "0".repeat(64), bytes: 1, mediaType: "application/json" };
  const file = (name: string) => ({ uri: uri(name), sha256: "0".repeat(64), bytes: 1, rows: 1 });
  const day = (name: string, firstHour: string, lastHour: string) => {
    return { file: file(name), firstHour, lastHour, profile: { ...profile, uri: `s3://data/${name}` } };
  };

  it("are sorted by their hours, with the profile of the latest", () => {
    const validated = [day("b.csv", "14102200", "14102223"), day("a.csv", "14102100", "14102123")];
    expect(inOrder({ validated })).toEqual({
      files: [file("a.csv"), file("b.csv")],
      profile: { ...profile, uri: "s3://data/b.csv" },
    });
  });

  it("may share an hour, but not overlap", () => {
    const meeting = [day("a.csv", "14102100", "14102112"), day("b.csv", "14102112", "14102123")];
    expect(inOrder({ validated: meeting }).files).toHaveLength(2);
    const overlapping = [day("a.csv", "14102100", "14102113"), day("b.csv", "14102112", "14102123")];
    expect(() => inOrder({ validated: overlapping })).toThrow(
      /b\.csv begins at hour 14102112, before .*a\.csv ends at 14102113/,
    );
  });
});
