import * as z from "zod";
import { taxi } from "../batch-jobs/taxi/contract.ts";
import {
  type Artifact,
  batch,
  cron,
  definePipeline,
  FatalError,
  lambda,
  type StepContext,
} from "../shared/pipeline/index.ts";
import {
  findMonth,
  halfMonth,
  type MonthFile,
  monthOf,
  monthParams,
  monthText,
  namesMonth,
  type Wanted,
} from "./taxi-month.ts";
import { taxiModel } from "./taxi-training.ts";

const named = { name: z.string().min(1).default(taxiModel) };

/** A model of the registry, by version or alias, or the model of an MLflow run whose folder is under `raw/`. */
const wantedModel = z.union([
  z.strictObject({ ...named, alias: z.string().min(1) }),
  z.strictObject({ ...named, version: z.int().positive() }),
  z.strictObject({
    /** The location of the experiment's runs. */
    experiment_uri: z
      .string()
      .regex(/^s3:\/\/[^/]+\/raw\/.*[^/]$/, "is s3://bucket/raw/…, without a slash at its end"),
    run_id: z.string().regex(/^[0-9a-zA-Z_-]{1,64}$/, "is the id of an MLflow run"),
  }),
]);
type WantedModel = z.infer<typeof wantedModel>;

type FoundModel = {
  /** The version in the rows and the file name: the registry's version, or the MLflow run's id. */
  version: string;
  uri: string;
  files: (Pick<Artifact, "uri"> & Partial<Artifact>)[];
};

/** The requested model, at its current version. */
export async function loadModel(
  { model }: { model: WantedModel },
  { models, raw }: StepContext,
): Promise<FoundModel> {
  if ("experiment_uri" in model) {
    const uri = `${model.experiment_uri}/${model.run_id}/artifacts/model`;
    const files = (await raw.list(`${uri.replace(/^s3:\/\/[^/]+\//, "")}/`)).filter((file) =>
      file.uri.startsWith(uri),
    );
    if (files.length === 0) throw new FatalError(`${uri}/MLmodel does not exist; copy the run's artifacts`);
    return { version: model.run_id, uri, files: files.map((file) => ({ uri: file.uri })) };
  }
  const wanted = "alias" in model ? model.alias : model.version;
  const found = await models.read(model.name, wanted);
  if (found === null) {
    const what = typeof wanted === "number" ? `version ${wanted}` : `version with the alias ${wanted}`;
    throw new FatalError(`model ${model.name} has no ${what}; train one, or name another`);
  }
  const { uri, files } = found.model;
  return { version: String(found.version), uri: uri.replace(/\/$/, ""), files };
}

const findRides = (wanted: Wanted, context: StepContext): Promise<MonthFile> =>
  findMonth(wanted, monthOf(wanted, context.scheduledAt), context);

type Scored = {
  predictions: Artifact;
  rides: MonthFile;
  version: string;
  taxi_type: string;
  output_prefix: string;
};

/** Publishes the predictions where readers look for them. */
export async function makeResult(
  { predictions, rides, version, taxi_type, output_prefix }: Scored,
  { artifacts }: StepContext,
): Promise<{ file: Artifact }> {
  const name = `${taxi_type}-${monthText(rides)}-${version}.parquet`;
  return { file: await artifacts.publish(predictions, `${output_prefix}/${name}`) };
}

/** Predicts how long a month's rides take, and stores the predictions next to the actual durations. */
export const taxiScoring = definePipeline(
  {
    name: "taxi-scoring",
    params: z
      .strictObject({
        ...monthParams,
        model: wantedModel.default({ name: taxiModel, alias: "champion" }),
        output_prefix: z
          .string()
          .regex(/^results\/[^/].*[^/]$/, "is a folder under results/, without a slash at its end")
          .default("results/taxi"),
      })
      .refine(namesMonth, halfMonth),
    triggers: [cron("0 3 2 * *")],
  },
  ({ params, step }) => {
    const { taxi_type, year, month, prefix, output_prefix } = params;
    const rides = step("read_dataframe", lambda({ taxi_type, year, month, prefix }, findRides));
    const model = step("load_model", lambda({ model: params.model }, loadModel));
    const { predictions, rows, unseen, rmse } = step(
      "make_prediction",
      batch(taxi.score, {
        rides,
        model: { uri: model.uri, files: model.files },
        modelVersion: model.version,
      }),
      { cache: true },
    );
    const result = step(
      "make_result",
      lambda({ predictions, rides, version: model.version, taxi_type, output_prefix }, makeResult),
    );
    return { file: result.file, model: model.version, rows, unseen, rmse };
  },
);
