import { TaxiEngine } from "../test/taxi-engine.ts";

/** An engine with rides of three months and a champion. */
async function trained(): Promise<TaxiEngine> {
  const taxi = new TaxiEngine();
  await taxi.drop("2021-01", "2021-02", "2021-03");
  expect(await taxi.run("taxi-training", { year: 2021, month: 2 })).toMatchObject({ state: "SUCCEEDED" });
  return taxi;
}

describe("taxi-scoring", () => {
  it("scores the month before its time with the champion, and names the result by month and version", async () => {
    const taxi = await trained();
    const { state, results } = await taxi.run("taxi-scoring", {}, "2021-04-02T03:00:00Z");
    expect(state).toBe("SUCCEEDED");
    expect(taxi.of("score")).toMatchObject([
      {
        rides: { uri: "s3://data/raw/taxi/green_tripdata_2021-03.parquet", year: 2021, month: 3 },
        model: {
          uri: "s3://data/models/green-taxi/00001/model",
          files: [{ uri: "s3://data/models/green-taxi/00001/model/MLmodel", sha256: expect.any(String) }],
        },
        modelVersion: "1",
      },
    ]);
    expect(results.make_result).toMatchObject({
      file: { uri: "s3://data/results/taxi/green-2021-03-1.parquet", mediaType: "text/plain" },
    });
    expect(await taxi.published()).toEqual(["results/taxi/green-2021-03-1.parquet"]);
  });

  it("accepts a month, a version and a location as parameters", async () => {
    const taxi = await trained();
    const params = { year: 2021, month: 1, model: { version: 1 }, output_prefix: "results/audit" };
    expect(await taxi.run("taxi-scoring", params)).toMatchObject({ state: "SUCCEEDED" });
    expect(await taxi.published()).toEqual(["results/audit/green-2021-01-1.parquet"]);
  });

  it("accepts a model of an MLflow run by its files, without a tracking server", async () => {
    const taxi = await trained();
    const folder = "s3://data/raw/mlruns/1/0a1b2c/artifacts/model";
    for (const name of ["MLmodel", "model.pkl"])
      await taxi.memory.objects.put(`${folder}/${name}`, name, "text/plain");
    await taxi.memory.objects.put(`${folder}-other/MLmodel`, "another's", "text/plain");
    const model = { experiment_uri: "s3://data/raw/mlruns/1", run_id: "0a1b2c" };
    expect(await taxi.run("taxi-scoring", { model })).toMatchObject({ state: "SUCCEEDED" });
    expect(taxi.of("score")).toMatchObject([
      {
        model: { uri: folder, files: [{ uri: `${folder}/MLmodel` }, { uri: `${folder}/model.pkl` }] },
        modelVersion: "0a1b2c",
      },
    ]);
    expect(await taxi.published()).toEqual(["results/taxi/green-2021-03-0a1b2c.parquet"]);
  });

  it("fails at the read if the month is missing, naming the object, and writes nothing", async () => {
    const taxi = await trained();
    expect(await taxi.run("taxi-scoring", { year: 2021, month: 7 })).toMatchObject({
      state: "FAILED",
      error: {
        step: "read_dataframe",
        message: expect.stringContaining("raw/taxi/green_tripdata_2021-07.parquet does not exist"),
      },
    });
    expect(taxi.of("score")).toEqual([]);
    expect(await taxi.published()).toEqual([]);
  });

  it.each([
    [{ name: "green-taxi", alias: "challenger" }, "no version with the alias challenger"],
    [{ version: 9 }, "model green-taxi has no version 9"],
    [
      { experiment_uri: "s3://data/raw/mlruns/1", run_id: "nope" },
      "s3://data/raw/mlruns/1/nope/artifacts/model/MLmodel does not exist",
    ],
  ])("fails if there is no model %j, and names it", async (model, problem) => {
    const taxi = await trained();
    expect(await taxi.run("taxi-scoring", { model })).toMatchObject({
      state: "FAILED",
      error: { step: "load_model", message: expect.stringContaining(problem) },
    });
    expect(await taxi.published()).toEqual([]);
  });

  it("scores an unchanged month once, and publishes the cached result again", async () => {
    const taxi = await trained();
    taxi.memory.engine = { ...taxi.memory.engine, jobVersions: new Map([["taxi", "1"]]) };
    await taxi.run("taxi-scoring");
    await taxi.run("taxi-scoring");
    expect(taxi.of("score")).toHaveLength(1);
    await taxi.drop("2021-03");
    await taxi.run("taxi-scoring");
    expect(taxi.of("score")).toHaveLength(2);
  });

  it.each([
    [{ output_prefix: "models/green-taxi" }, "folder under results/"],
    [{ model: { alias: "champion", version: 1 } }, "model"],
    [{ model: { experiment_uri: "s3://data/models/x", run_id: "1" } }, "model"],
    [{ month: 3 }, "give both year and month"],
  ])("refuses %j before anything starts", async (params, problem) => {
    const taxi = await trained();
    await expect(taxi.run("taxi-scoring", params)).rejects.toThrow(problem);
  });
});
