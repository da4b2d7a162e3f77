import * as z from "zod";
import { taxi } from "../batch-jobs/taxi/contract.ts";
import {
  batch,
  definePipeline,
  lambda,
  type ModelFolder,
  promoteModel,
  registerModel,
  type StepContext,
} from "../shared/pipeline/index.ts";
import {
  findMonth,
  halfMonth,
  type MonthFile,
  monthOf,
  monthParams,
  monthsBefore,
  namesMonth,
  type Wanted,
} from "./taxi-month.ts";

/** Name of the model in the registry. */
export const taxiModel = "green-taxi";

/** The file of the month to validate on, and the file of the month before, to train on. */
export async function findMonths(
  wanted: Wanted,
  context: StepContext,
): Promise<{ training: MonthFile; validation: MonthFile }> {
  const last = monthOf(wanted, context.scheduledAt);
  const [training, validation] = await Promise.all([
    findMonth(wanted, monthsBefore(last, 1), context),
    findMonth(wanted, last, context),
  ]);
  return { training, validation };
}

async function findChampion(
  _: object,
  { models }: StepContext,
): Promise<{ model: ModelFolder | null; version: number | null }> {
  const champion = await models.champion(taxiModel);
  return { model: champion?.model ?? null, version: champion?.version ?? null };
}

/**
 * Trains a model of taxi ride durations on one month, chooses its settings on the next month, and lets it challenge the
 * champion on that month.
 */
export const taxiTraining = definePipeline(
  {
    name: "taxi-training",
    params: z
      .strictObject({
        ...monthParams,
        /** Number of settings that are tried. */
        max_evals: z.int().min(1).max(200).default(10),
        seed: z.int().min(0).max(4_294_967_295).default(42),
        /** How much lower a model's RMSE must be than the champion's: 0.01 is 1 %. */
        minimum_gain: z.number().min(0).max(1).default(0),
      })
      .refine(namesMonth, halfMonth),
  },
  ({ params, step }) => {
    const { taxi_type, year, month, prefix, max_evals, seed } = params;
    const months = step("read_dataframe", lambda({ taxi_type, year, month, prefix }, findMonths));
    const { training, validation, data } = step("add_features", batch(taxi.features, months), {
      cache: true,
    });
    const found = step(
      "train_model_search",
      batch(taxi.search, { training, validation, maxEvals: max_evals, seed }),
      { cache: true },
    );
    const champion = step("find_champion", lambda({}, findChampion), { after: [found] });
    const trained = step(
      "train_best_model",
      batch(taxi.train, { training, validation, parameters: found.best, champion: champion.model, seed }),
      { cache: true },
    );
    const { maxDepth, learningRate, l2Regularization } = found.best;
    const registered = step(
      "register_model",
      registerModel({
        name: taxiModel,
        model: trained.model,
        metrics: trained.metrics,
        parameters: { maxDepth, learningRate, l2Regularization, maxEvals: max_evals },
        data,
        signature: trained.signature,
        seed,
        tags: { taxiType: taxi_type },
      }),
    );
    const promotion = step(
      "promote",
      promoteModel({
        name: taxiModel,
        version: registered.version,
        evaluation: {
          candidate: trained.candidate,
          champion: trained.champion,
          base: trained.base,
          against: champion.version,
          data: { validation: validation.file },
        },
        gate: { metric: "rmse", better: "lower", minimumGain: params.minimum_gain },
      }),
    );
    return { model: registered.version, promotion };
  },
);
