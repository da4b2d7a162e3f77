import * as z from "zod";
import { ridge } from "../batch-jobs/ridge/contract.ts";
import { batch, child, definePipeline, flatten, lambda } from "../shared/pipeline/index.ts";
import { deleteFile, selectBest } from "./ridge-sweep.ts";
import { ridgeTrain, trainingQueue } from "./ridge-train.ts";

/**
 * Like ridge-sweep, but with a separate run for each model. The runs are under way at the same time, each on the
 * machines of its queue, and each can be viewed, cancelled and retried separately.
 */
export const ridgeSweepSubruns = definePipeline(
  {
    name: "ridge-sweep-subruns",
    params: z.strictObject({
      /** The models to train, and the machines to train them on. */
      models: z
        .array(z.strictObject({ alpha: z.number().positive(), queue: trainingQueue.default("cpu") }))
        .min(1)
        .default([
          { alpha: 1, queue: "cpu" },
          { alpha: 0.1, queue: "cpu" },
          { alpha: 0.01, queue: "cpu" },
          { alpha: 0.001, queue: "gpu" },
          { alpha: 0.0001, queue: "gpu" },
          { alpha: 0.00001, queue: "gpu" },
        ]),
    }),
  },
  ({ params, run, step, map }) => {
    const dataset = step(
      "download_dataset",
      batch(ridge.download, { scheduledAt: run.scheduledAt, source: null }),
    );
    const parts = step("preprocess_dataset", batch(ridge.split, { dataset: dataset.file }));
    const models = map("train_model", params.models, ({ alpha, queue }) =>
      child(ridgeTrain, { train: parts.train, alpha, queue }),
    );
    const scores = map("evaluate_model", models, ({ alpha, model }) =>
      batch(ridge.evaluate, { alpha, model, test: parts.test }),
    );
    const { rejected } = step("select_best", lambda({ scores }, selectBest));
    map(
      "cleanup_file",
      flatten([dataset.file, parts.train, parts.test, rejected]),
      (file) => lambda({ file }, deleteFile),
      { after: [scores] },
    );
  },
);
