import { startRun } from "../shared/run/start-run.ts";
import { TaxiEngine } from "../test/taxi-engine.ts";
import { monthOf, monthsBefore } from "./taxi-month.ts";
import { taxiTraining } from "./taxi-training.ts";

const uri = (month: string) => `s3://data/raw/taxi/green_tripdata_${month}.parquet`;

describe("taxi-training", () => {
  it("trains on the month two months before the run, and validates on the month before", async () => {
    const taxi = new TaxiEngine();
    await taxi.drop("2021-01", "2021-02", "2021-03");
    expect(await taxi.run("taxi-training")).toMatchObject({
      state: "SUCCEEDED",
      results: { promote: { version: 1, promoted: true, holder: 1 } },
    });
    expect(taxi.of("features")).toMatchObject([
      {
        training: { uri: uri("2021-02"), year: 2021, month: 2, versionId: expect.any(String) },
        validation: { uri: uri("2021-03"), year: 2021, month: 3 },
      },
    ]);
    expect(taxi.of("search")).toMatchObject([{ maxEvals: 10, seed: 42 }]);
    expect(taxi.of("train")).toMatchObject([
      { parameters: { maxDepth: 4, learningRate: 0.1, l2Regularization: 1 }, champion: null },
    ]);
    expect(await taxi.memory.engine.models.getVersion("green-taxi", 1)).toMatchObject({
      data: [{ uri: uri("2021-02") }, { uri: uri("2021-03") }],
      parameters: { maxDepth: 4, maxEvals: 10 },
      metrics: { rmse: 4, baseRmse: 10 },
      seed: 42,
    });
  });

  it("handles months of the previous year, and accepts a month as a parameter", async () => {
    const taxi = new TaxiEngine();
    await taxi.drop("2020-11", "2020-12", "2021-01", "2021-02");
    await taxi.run("taxi-training", {}, "2021-01-15T00:00:00Z");
    await taxi.run("taxi-training", { year: 2021, month: 2 }, "2021-01-15T00:00:00Z");
    expect(taxi.of("features")).toMatchObject([
      { training: { uri: uri("2020-11") }, validation: { uri: uri("2020-12") } },
      { training: { uri: uri("2021-01") }, validation: { uri: uri("2021-02") } },
    ]);
  });

  it("makes a better model champion, and refuses a worse one", async () => {
    const taxi = new TaxiEngine();
    await taxi.drop("2021-01", "2021-02", "2021-03");
    await taxi.run("taxi-training", { year: 2021, month: 2 });
    taxi.rmse = 5;
    const worse = await taxi.run("taxi-training");
    expect(worse.results.promote).toMatchObject({ version: 2, promoted: false, holder: 1 });
    expect(JSON.stringify(worse.results.promote)).toMatch(
      /rmse 5\.000, the champion's 4\.000: worse by 25 %/,
    );
    taxi.rmse = 3.5;
    const better = await taxi.run("taxi-training", { seed: 7 });
    expect(better.results.promote).toMatchObject({ version: 3, promoted: true, holder: 3 });
  });

  it("fails before any job if a month is missing, naming the object", async () => {
    const taxi = new TaxiEngine();
    await taxi.drop("2021-03");
    expect(await taxi.run("taxi-training")).toMatchObject({
      state: "FAILED",
      error: {
        step: "read_dataframe",
        message: expect.stringContaining("raw/taxi/green_tripdata_2021-02.parquet"),
      },
    });
    expect(taxi.asked).toEqual([]);
  });

  it.each([
    [{ year: 2021 }, "give both year and month"],
    [{ month: 13, year: 2021 }, "month"],
    [{ taxi_type: "yellow" }, "taxi_type"],
    [{ prefix: "models/taxi" }, "folder under raw/"],
    [{ max_evals: 0 }, "max_evals"],
    [{ evals: 3 }, "evals"],
  ])("refuses %j before anything starts", async (params, problem) => {
    const taxi = new TaxiEngine();
    const cause = { kind: "manual" } as const;
    const start = startRun(taxi.memory.engine, { pipeline: taxiTraining.name, params, cause, causeKey: "1" });
    await expect(start).rejects.toThrow(problem);
  });
});

describe("months", () => {
  it("are counted across the year", () => {
    expect(monthsBefore({ year: 2021, month: 1 }, 1)).toEqual({ year: 2020, month: 12 });
    expect(monthsBefore({ year: 2021, month: 12 }, 24)).toEqual({ year: 2019, month: 12 });
    expect(monthOf({ year: null, month: null }, "2021-03-31T23:59:59Z")).toEqual({ year: 2021, month: 2 });
  });
});
