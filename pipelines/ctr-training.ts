import * as z from "zod";
import { ctr } from "../batch-jobs/ctr/contract.ts";
import {
  type Artifact,
  batch,
  cron,
  definePipeline,
  FatalError,
  lambda,
  type ModelFolder,
  notice,
  objectCreated,
  promoteModel,
  type RawObject,
  registerModel,
  type StepContext,
  slack,
} from "../shared/pipeline/index.ts";

/** Name of the model in the registry. */
const modelName = "ctr";

/** Where click logs are dropped, and how their names end. */
const dropped = { prefix: "raw/ctr/", suffix: [".csv", ".csv.gz"] };

type Asked = { files: { uri: string; versionId?: string | undefined }[]; recent: number };

type Extracted = {
  files: RawObject[];
  /** The champion, its version, and the profile of its training data; null while there is none. */
  champion: ModelFolder | null;
  version: number | null;
  profile: Artifact | null;
};

/** The files to train on, each at one version, and the champion that the new model has to beat. */
export async function extract({ files, recent }: Asked, { raw, models }: StepContext): Promise<Extracted> {
  const uris = files.length > 0 ? files.map(({ uri }) => uri) : await newest(recent, raw);
  const found = await Promise.all(
    uris.map(async (uri, place): Promise<RawObject> => {
      const object = await raw.find(uri);
      if (object === undefined)
        throw new FatalError(`${uri} does not exist; drop it again, or name another file`);
      // The run uses the version that started it, even if somebody has dropped another file with that name since.
      const versionId = files[place]?.versionId ?? object.versionId;
      return { ...object, ...(versionId !== undefined && { versionId }) };
    }),
  );
  const champion = await models.champion(modelName);
  return {
    files: found,
    champion: champion?.model ?? null,
    version: champion?.version ?? null,
    profile: champion?.attachments.profile ?? null,
  };
}

async function newest(count: number, raw: StepContext["raw"]): Promise<string[]> {
  const all = await raw.list(dropped.prefix);
  const logs = all.filter(({ key }) => dropped.suffix.some((suffix) => key.endsWith(suffix)));
  if (logs.length === 0) {
    throw new FatalError(
      `there is no ${dropped.suffix.join(" or ")} under ${dropped.prefix}; drop a click log there`,
    );
  }
  return logs
    .toSorted((a, b) => b.at.localeCompare(a.at))
    .slice(0, count)
    .map(({ uri }) => uri);
}

type ValidFile = { uri: string; versionId?: string | undefined; sha256: string; bytes: number; rows: number };
type Validated = { file: ValidFile; firstHour: string; lastHour: string; profile: Artifact };

/** Valid files in the order of their hours. Training follows time, so no two files may cover the same hours. */
export function inOrder({ validated }: { validated: Validated[] }): {
  files: ValidFile[];
  profile: Artifact;
} {
  const sorted = validated.toSorted((a, b) => a.firstHour.localeCompare(b.firstHour));
  for (const [place, { file, firstHour }] of sorted.entries()) {
    const before = sorted[place - 1];
    if (before !== undefined && before.lastHour > firstHour) {
      throw new FatalError(
        `${file.uri} begins at hour ${firstHour}, before ${before.file.uri} ends at ${before.lastHour}; ` +
          "train on files that follow each other, or on one of them",
      );
    }
  }
  const latest = sorted.at(-1);
  if (latest === undefined) throw new FatalError("no file was validated");
  return { files: sorted.map(({ file }) => file), profile: latest.profile };
}

/**
 * Trains a click-through model on the dropped files and lets it challenge the champion. The model is promoted if it
 * predicts the newest clicks better; otherwise it is refused, and the result shows the figures.
 */
export const ctrTraining = definePipeline(
  {
    name: "ctr-training",
    runName: "ctr-training-{yyyy}-{MM}-{dd}-{HH}-{mm}-{ss}",
    params: z.strictObject({
      /** The click logs to train on; if empty, the `recent` newest ones under raw/ctr/. */
      files: z
        .array(z.strictObject({ uri: z.string().startsWith("s3://"), versionId: z.string().optional() }))
        .max(100)
        .default([]),
      recent: z.int().min(1).max(100).default(1),
      optimizer: z.enum(["ftrl", "sgd"]).default("ftrl"),
      penalty: z.enum(["l2", "l1", "none"]).default("l2"),
      alpha: z.number().nonnegative().default(1e-6),
      eta0: z.number().positive().default(0.15),
      featureBits: z.int().min(8).max(26).default(20),
      seed: z.int().nonnegative().default(42),
      testShare: z.number().min(0.001).max(0.9).default(0.1),
      /** How much lower a model's log-loss must be than the champion's: 0.001 is 0.1 %. */
      minimumGain: z.number().min(0).max(1).default(0.001),
    }),
    triggers: [
      objectCreated({
        ...dropped,
        params: ({ uri, versionId }) => ({ files: [{ uri, ...(versionId !== undefined && { versionId }) }] }),
      }),
      cron("0 * * * *", { active: ["prod"] }),
    ],
    maxActiveRuns: 4,
    notices: [notice({ to: slack(), stages: ["prod"] })],
  },
  ({ params, step, map }) => {
    const found = step("extract", lambda({ files: params.files, recent: params.recent }, extract));
    const validated = map(
      "validate_data",
      found.files,
      (file) => batch(ctr.validate, { file, champion: found.profile }),
      { cache: true },
    );
    const data = step("order_files", lambda({ validated }, inOrder));
    const { optimizer, penalty, alpha, eta0, featureBits, seed, testShare } = params;
    const trained = step(
      "train",
      batch(ctr.train, { files: data.files, testShare, optimizer, penalty, alpha, eta0, featureBits, seed }),
      { cache: true },
    );
    const evaluation = step(
      "validate_model",
      batch(ctr.evaluate, {
        candidate: trained.model,
        champion: found.champion,
        files: data.files,
        testShare,
      }),
      { cache: true },
    );
    const registered = step(
      "register_model",
      registerModel({
        name: modelName,
        model: trained.model,
        metrics: trained.metrics,
        parameters: { optimizer, penalty, alpha, eta0, featureBits, testShare },
        data: data.files,
        signature: trained.signature,
        seed,
        attachments: { profile: data.profile },
      }),
    );
    const promotion = step(
      "promote",
      promoteModel({
        name: modelName,
        version: registered.version,
        evaluation: {
          candidate: evaluation.candidate,
          champion: evaluation.champion,
          base: { logLoss: evaluation.baseLogLoss },
          against: found.version,
          data: { files: data.files, testShare },
        },
        gate: { metric: "logLoss", better: "lower", minimumGain: params.minimumGain },
      }),
    );
    return { model: registered.version, promotion };
  },
);
