import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DynamoDBClient, paginateQuery } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { execa } from "execa";
import { itemBytes } from "../../bench/item-size.ts";
import { REPOSITORY, VENV } from "../../local/stack/paths.ts";
import type { Artifact } from "../../shared/pipeline/index.ts";
import { type DeployedService, deployService } from "./deployed-service.ts";

jest.setTimeout(300_000);

const python = path.join(VENV, "bin", "python");
const folder = mkdtempSync(path.join(tmpdir(), "millrace-taxi-"));
let service: DeployedService;
beforeAll(async () => {
  service = await deployService();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await service?.close();
});

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

/** What polars says of a file: the value of a Python expression over `table`, or what a statement writes. */
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

/** Sizes of all items that DynamoDB has of a run. */
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

  it("scores routes of a zone that no model has seen, and the same month again under the same name", async () => {
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

  it("fails at the read of a month that is missing, naming the object, and writes nothing", async () => {
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
