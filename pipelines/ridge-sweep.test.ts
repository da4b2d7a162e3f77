import type { JobFunction } from "../shared/testing/run-job.ts";
import { testPipeline } from "../shared/testing/test-pipeline.ts";
import { ridgeSweep } from "./ridge-sweep.ts";

const file = (name: string) => ({
  uri: `s3://data/${name}`,
  sha256: "0".repeat(64),
  bytes: 1,
  mediaType: "application/octet-stream",
});

/** Stand-ins for the jobs: R² by alpha, and the inputs of each job. */
function jobs(
  r2: (alpha: number) => number,
  asked: Record<string, unknown[]> = {},
): Record<string, JobFunction> {
  const note = (job: string, input: unknown) => {
    asked[job] = [...(asked[job] ?? []), input];
  };
  return {
    "ridge.download": (input) => {
      note("download", input);
      return { file: file("dataset.csv"), rows: 100 };
    },
    "ridge.split": (input) => {
      note("split", input);
      return { train: file("train.csv"), test: file("test.csv") };
    },
    "ridge.train": (input) => {
      const { alpha } = input as { alpha: number };
      note("train", input);
      return { alpha, model: file(`model_${alpha}`) };
    },
    "ridge.evaluate": (input) => {
      const { alpha, model } = input as { alpha: number; model: ReturnType<typeof file> };
      note("evaluate", input);
      return { alpha, model, r2: r2(alpha), report: file(`eval_${alpha}.txt`) };
    },
  };
}

const deletedBy = (outputs: Readonly<Record<string, unknown>>) =>
  ((outputs.cleanup_file ?? []) as { deleted: string }[]).map(({ deleted }) => deleted).sort();

describe("ridge-sweep", () => {
  it("trains a model for each alpha on one training set and scores each on the same test set", async () => {
    const asked: Record<string, unknown[]> = {};
    const result = await testPipeline(ridgeSweep, {
      scheduledAt: "2021-10-04T16:21:00Z",
      jobs: jobs((alpha) => alpha, asked),
    });
    expect(result.state).toBe("SUCCEEDED");
    expect(asked.download).toEqual([{ scheduledAt: "2021-10-04T16:21:00.000Z", source: null }]);
    const alphas = [1, 0.1, 0.01, 0.001, 0.0001, 0.00001];
    expect(asked.train).toEqual(alphas.map((alpha) => ({ alpha, train: file("train.csv") })));
    expect(asked.evaluate).toEqual(
      alphas.map((alpha) => ({ alpha, model: file(`model_${alpha}`), test: file("test.csv") })),
    );
  });

  it("keeps the best model and every report, and deletes the rest", async () => {
    const { outputs } = await testPipeline(ridgeSweep, {
      params: { alphas: [1, 0.1, 0.01] },
      jobs: jobs((alpha) => (alpha === 0.1 ? 0.9 : 0.8)),
    });
    expect(outputs.select_best).toMatchObject({ best: { alpha: 0.1, r2: 0.9 } });
    expect(deletedBy(outputs)).toEqual(
      ["dataset.csv", "model_0.01", "model_1", "test.csv", "train.csv"].map((name) => `s3://data/${name}`),
    );
  });

  it("keeps the more strongly regularised of two equal models", async () => {
    const { outputs } = await testPipeline(ridgeSweep, {
      params: { alphas: [0.1, 1] },
      jobs: jobs(() => 0.5),
    });
    expect(outputs.select_best).toMatchObject({ best: { alpha: 1 } });
  });

  it("deletes nothing if one evaluation failed", async () => {
    const result = await testPipeline(ridgeSweep, {
      jobs: jobs((alpha) => {
        if (alpha === 0.01) throw new Error("singular");
        return alpha;
      }),
    });
    expect(result.state).toBe("FAILED");
    expect(result.error).toEqual({ step: "evaluate_model[2]", name: "Error", message: "singular" });
    expect(result.states).not.toHaveProperty("cleanup_file");
    expect(result.states).not.toHaveProperty("select_best");
  });

  it("trains on a dropped file instead of generated data", async () => {
    const asked: Record<string, unknown[]> = {};
    const source = { uri: "s3://data/raw/ridge/october.csv", versionId: "v1" };
    await testPipeline(ridgeSweep, { params: { source }, jobs: jobs(() => 1, asked) });
    expect(asked.download).toEqual([{ scheduledAt: "2021-01-01T00:00:00.000Z", source }]);
  });

  it.each([
    [{ alphas: [] }, "params.alphas"],
    [{ alphas: [0] }, "params.alphas.0"],
    [{ alphas: ["1"] }, "params.alphas.0"],
    [{ alpha: [1] }, "alpha"],
  ])("refuses %j, naming the field", async (params, field) => {
    await expect(testPipeline(ridgeSweep, { params, jobs: {} })).rejects.toThrow(field);
  });

  it("has a schedule that is switched off when first deployed", () => {
    expect(ridgeSweep.triggers).toContainEqual(
      expect.objectContaining({ kind: "cron", expression: "* * * * *", timezone: "UTC", active: false }),
    );
  });
});
