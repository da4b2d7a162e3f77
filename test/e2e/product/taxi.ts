import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DynamoDBClient, paginateQuery } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { execa } from "execa";
import { itemBytes } from "../../../bench/item-size.ts";
import { behave, misbehave } from "../../../local/batch/misbehave.ts";
import { REPOSITORY, VENV } from "../../../local/stack/paths.ts";
import type { BackfillView } from "../../../shared/backfill/backfill-view.ts";
import type { Artifact } from "../../../shared/pipeline/index.ts";
import type { Run } from "../../../shared/state/run.ts";
import { type DeployedService, eventually } from "../deployed-service.ts";
import { typed } from "../typed-command.ts";
import { product } from "./service.ts";

const python = path.join(VENV, "bin", "python");
const folder = mkdtempSync(path.join(tmpdir(), "millrace-taxi-"));
let service: DeployedService;
beforeAll(() => {
  service = product();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file of generated rides. */
async function generated(month: string, rows: number): Promise<string> {
  const file = path.join(folder, `${month}.parquet`);
  const options = ["--month", month, "--rows", String(rows), "--seed", "1", "--out", file];
  await execa(python, ["-m", "data", "taxi", ...options], {
    env: { PYTHONPATH: path.join(REPOSITORY, "local") },
  });
  return file;
}

const drop = (month: string, file: string) =>
  service.drop(`raw/taxi/green_tripdata_${month}.parquet`, readFileSync(file));

/** Runs Python with polars on a file: returns the value of an expression over `table`, or what a statement writes. */
async function polars(file: string, code: string): Promise<unknown> {
  const script = `import json, sys, polars as pl\ntable = pl.read_parquet(sys.argv[1])\n${code}`;
  const { stdout } = await execa(python, ["-c", script, file]);
  return stdout === "" ? undefined : JSON.parse(stdout);
}

async function download({ uri }: Artifact): Promise<string> {
  const key = uri.slice(`s3://${service.bucket}/`.length);
  const { Body: body } = await service.s3.send(new GetObjectCommand({ Bucket: service.bucket, Key: key }));
  const file = path.join(folder, "result.parquet");
  writeFileSync(file, (await body?.transformToByteArray()) ?? "");
  return file;
}

/** Sizes of all of a run's items in DynamoDB. */
async function itemSizes(runId: string): Promise<number[]> {
  const client = new DynamoDBClient({
    ...{ endpoint: service.stack.awsEndpoint, region: service.stack.region },
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const query = {
    TableName: "millrace-local",
    KeyConditionExpression: "pk = :run",
    ExpressionAttributeValues: { ":run": { S: `RUN#${runId}` } },
  };
  const sizes: number[] = [];
  for await (const { Items: items = [] } of paginateQuery({ client }, query))
    sizes.push(...items.map(itemBytes));
  client.destroy();
  return sizes;
}

type Result = { file: Artifact };

describe("taxi-training and taxi-scoring", () => {
  it("train on two months, and score the next one with the champion", async () => {
    await Promise.all(["2021-01", "2021-02"].map(async (month) => drop(month, await generated(month, 4000))));
    const training = await service.start({
      ...{ pipeline: "taxi-training", params: { max_evals: 2 }, scheduledAt: "2021-03-05T00:00:00Z" },
    });
    expect(await service.finished(training.runId)).toMatchObject({ state: "SUCCEEDED" });
    const promotion = (await service.output(training.runId, "promote")) as { reason: string };
    expect(promotion).toMatchObject({ version: 1, promoted: true, holder: 1 });
    const { metrics } = (await service.output(training.runId, "train_best_model")) as {
      metrics: { rmse: number; baseRmse: number };
    };
    expect(metrics.rmse).toBeLessThan(metrics.baseRmse / 1.5);

    await drop("2021-03", await generated("2021-03", 50_000));
    const { runId } = await service.start({ pipeline: "taxi-scoring", scheduledAt: "2021-04-02T03:00:00Z" });
    expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
    const { file } = (await service.output(runId, "make_result")) as Result;
    expect(file.uri).toBe(`s3://${service.bucket}/results/taxi/green-2021-03-1.parquet`);
    const found = await polars(
      await download(file),
      "print(json.dumps([table.columns, table.height, table['ride_id'].n_unique(), table['model_version'].unique().to_list()]))",
    );
    expect(found).toEqual([
      [
        ...["ride_id", "lpep_pickup_datetime", "PULocationID", "DOLocationID", "actual_duration"],
        ...["predicted_duration", "diff", "model_version"],
      ],
      ...[expect.any(Number), expect.any(Number), ["1"]],
    ]);
    const { rows, rmse } = (await service.output(runId, "make_prediction")) as {
      rows: { read: number; kept: number };
      rmse: number;
    };
    expect(found).toMatchObject([expect.anything(), rows.kept, rows.kept, ["1"]]);
    expect(rows.read).toBe(50_000);
    expect(rmse).toBeLessThan(metrics.baseRmse);
    const sizes = await itemSizes(runId);
    expect(sizes.length).toBeGreaterThan(4);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4096);
  });

  it("score routes of a zone that no model has seen, and write the same month again under the same name", async () => {
    const file = await generated("2021-04", 500);
    await polars(file, "table.with_columns(DOLocationID=pl.lit(999)).write_parquet(sys.argv[1])");
    await drop("2021-04", file);
    const start = (key: string) =>
      service.start({ pipeline: "taxi-scoring", params: { year: 2021, month: 4 }, key });
    const { runId } = await start("first");
    expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
    const scored = (await service.output(runId, "make_prediction")) as {
      unseen: number;
      rows: { kept: number };
    };
    expect(scored.unseen).toBe(scored.rows.kept);
    expect(scored.unseen).toBeGreaterThan(400);
    const again = await start("second");
    expect(await service.finished(again.runId)).toMatchObject({ state: "SUCCEEDED" });
    const [first, second] = await Promise.all(
      [runId, again.runId].map(async (id) => (await service.output(id, "make_result")) as Result),
    );
    expect(second?.file).toMatchObject({ uri: first?.file.uri, sha256: first?.file.sha256 });
  });

  it("fail at the read of a missing month, naming the object, and write nothing", async () => {
    const { runId } = await service.start({
      ...{ pipeline: "taxi-scoring", params: { year: 2021, month: 7 } },
    });
    const run = await service.finished(runId);
    expect(run).toMatchObject({
      state: "FAILED",
      error: {
        step: "read_dataframe",
        message: expect.stringContaining("raw/taxi/green_tripdata_2021-07.parquet does not exist"),
      },
    });
    expect(await service.listing(run)).toEqual([]);
    expect((await service.steps(runId)).filter(({ step }) => step.startsWith("make"))).toEqual([]);
  });
});

describe("backfills of past months, by the command line", () => {
  /** Folders of months for this test only, so that it shares none with the other tests. */
  const ours = ["--param", "prefix=raw/history", "--param", "output_prefix=results/history"];
  const months = ["--every", "month", ...ours];

  async function output(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await typed({ cwd: folder, stack: service.stack.stateDir }, args);
    if (exitCode !== 0) throw new Error(`millrace ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  }

  /** How far a backfill has come. Asking also moves it on, as the tick does once a minute. */
  const look = async (id: string) =>
    JSON.parse(await output("backfill", "show", id, "--json")) as BackfillView;
  const ended = (id: string) =>
    eventually(`the end of backfill ${id}`, async () => {
      const view = await look(id);
      return view.state === "RUNNING" || view.open > 0 ? undefined : view;
    });
  const idIn = (text: string) => /backfill (\S+) of/.exec(text)?.[1] ?? `no backfill in: ${text}`;

  /** A backfill's runs, ordered by their times. */
  async function runsOf(id: string): Promise<Run[]> {
    const { runs } = await service.store.listRuns({ tag: `backfill:${id}` }, 10);
    const all = await Promise.all(runs.map(({ runId }) => service.store.getRun(runId)));
    return all.flatMap((run) => run ?? []).toSorted((a, b) => a.scheduledAt.localeCompare(b.scheduledAt));
  }

  /** Keys of the results that exist. */
  async function results(): Promise<string[]> {
    const { Contents: objects = [] } = await service.s3.send(
      new ListObjectsV2Command({ Bucket: service.bucket, Prefix: "results/history/" }),
    );
    return objects.map(({ Key = "" }) => Key);
  }

  async function dropMonths(...names: string[]): Promise<void> {
    for (const month of names) {
      const file = await generated(month, 300);
      await service.drop(`raw/history/green_tripdata_${month}.parquet`, readFileSync(file));
    }
  }

  it("run one after the other, write one file each, and are skipped when requested again", async () => {
    await dropMonths("2021-03", "2021-04");
    const range = ["taxi-scoring", "--from", "2021-04-01", "--to", "2021-06-01", ...months, "-c", "1"];
    const asked = await output("backfill", "start", ...range);
    const id = idIn(asked);
    expect(asked).toContain("2 times (every month in UTC), from 2021-04-01T00:00:00.000Z");
    expect(asked).toContain("2 open (running or waiting their turn); at most 1 at once");
    expect(await ended(id)).toMatchObject({ state: "DONE", succeeded: 2, failed: 0, left: 0 });

    const [march, april, ...others] = await runsOf(id);
    if (march === undefined || april === undefined) throw new Error("there are not two runs");
    expect(others).toEqual([]);
    expect([march.scheduledAt, april.scheduledAt]).toEqual([
      "2021-04-01T00:00:00.000Z",
      "2021-05-01T00:00:00.000Z",
    ]);
    const began = await service.store.getStep({ runId: april.runId, step: "read_dataframe", index: 0 });
    expect(Date.parse(began?.startedAt ?? "")).toBeGreaterThanOrEqual(
      Date.parse("endedAt" in march ? march.endedAt : "never"),
    );
    expect(await results()).toEqual([
      "results/history/green-2021-03-1.parquet",
      "results/history/green-2021-04-1.parquet",
    ]);
    expect((await service.listing(march)).filter((key) => !key.includes("/_"))).toEqual([
      "make_prediction/0/1.1/predictions.parquet",
      "make_prediction/0/1.1/report/phases.table.json",
    ]);
    expect(await output("runs", "--tag", `backfill:${id}`)).toContain(march.runId);

    const again = await output("backfill", "start", ...range);
    expect(again).toContain(`backfill ${id} of taxi-scoring is DONE`);
    expect(again).toContain("2 skipped (succeeded before)");
    expect((await runsOf(id)).map(({ runId, epoch }) => [runId, epoch])).toEqual([
      [march.runId, 1],
      [april.runId, 1],
    ]);
  });

  it("stop and resume, and a missing month fails alone, until it is retried with its file", async () => {
    await dropMonths("2021-05");
    const range = ["taxi-scoring", "--from", "2021-06-01", "--to", "2021-08-01", ...months, "-c", "1"];
    // No job begins before the cancel, however long the commands take.
    await misbehave(service.stack.batchEndpoint, [{ kind: "stuck-runnable" }]);
    const id = idIn(await output("backfill", "start", ...range));
    expect(await output("backfill", "cancel", id)).toMatch(/is CANCELLED \(cancelled by an operator\)/);
    await behave(service.stack.batchEndpoint);
    expect(await ended(id)).toMatchObject({ state: "CANCELLED", succeeded: 0, left: 2 });
    expect((await runsOf(id)).map(({ state }) => state)).toEqual(["CANCELLED", "CANCELLED"]);

    await output("backfill", "resume", id);
    expect(await ended(id)).toMatchObject({ state: "DONE", succeeded: 1, failed: 1, left: 0 });
    const [may, june] = await runsOf(id);
    expect([may?.state, june?.state]).toEqual(["SUCCEEDED", "FAILED"]);
    expect(june?.error).toMatchObject({
      step: "read_dataframe",
      message:
        "raw/history/green_tripdata_2021-06.parquet does not exist; drop the month's file there, or name another month",
    });
    expect(await service.listing(june as Run)).toEqual([]);
    expect(await results()).toContain("results/history/green-2021-05-1.parquet");
    expect(await output("backfill", "show", id)).toContain(`backfill resume ${id} --retry-failed`);

    await dropMonths("2021-06");
    await output("backfill", "resume", id, "--retry-failed");
    expect(await ended(id)).toMatchObject({ state: "DONE", succeeded: 1, skipped: 1, failed: 0 });
    expect(await results()).toContain("results/history/green-2021-06-1.parquet");
  });
});
