import * as z from "zod";
import { ridge } from "../batch-jobs/ridge/contract.ts";
import {
  type Artifact,
  batch,
  cron,
  definePipeline,
  flatten,
  lambda,
  objectCreated,
  type StepContext,
} from "../shared/pipeline/index.ts";

type Score = { alpha: number; model: Artifact; r2: number; report: Artifact };

/** The model with the highest R² on the test set; if several are equal, the one with the strongest regularisation. */
export function selectBest({ scores }: { scores: Score[] }): { best: Score; rejected: Artifact[] } {
  const [best, ...others] = scores.toSorted((a, b) => b.r2 - a.r2 || b.alpha - a.alpha);
  if (best === undefined) throw new Error("no model was scored");
  return { best, rejected: others.map(({ model }) => model) };
}

/** Deletes an object that is no longer needed. */
export async function deleteFile(
  { file }: { file: Artifact },
  { artifacts }: StepContext,
): Promise<{ deleted: string }> {
  await artifacts.delete(file.uri);
  return { deleted: file.uri };
}

/** Trains a ridge regression for each alpha on one dataset, keeps the best model and cleans up after itself. */
export const ridgeSweep = definePipeline(
  {
    name: "ridge-sweep",
    params: z.strictObject({
      alphas: z.array(z.number().positive()).min(1).default([1, 0.1, 0.01, 0.001, 0.0001, 0.00001]),
      /** A CSV of x and y to train on. If none is given, the dataset is generated from the scheduled time. */
      source: z.strictObject({ uri: z.string(), versionId: z.string().optional() }).nullable().default(null),
    }),
    triggers: [
      cron("* * * * *", { timezone: "UTC", active: false }),
      objectCreated({
        prefix: "raw/ridge/",
        params: ({ uri, versionId }) => ({ source: { uri, ...(versionId !== undefined && { versionId }) } }),
      }),
    ],
  },
  ({ params, run, step, map }) => {
    const dataset = step(
      "download_dataset",
      batch(ridge.download, { scheduledAt: run.scheduledAt, source: params.source }),
    );
    const parts = step("preprocess_dataset", batch(ridge.split, { dataset: dataset.file }));
    const models = map("train_model", params.alphas, (alpha) =>
      batch(ridge.train, { train: parts.train, alpha }),
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
