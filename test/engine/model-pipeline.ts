import * as z from "zod";
import {
  type Artifact,
  definePipeline,
  lambda,
  promoteModel,
  registerModel,
  wait,
} from "../../shared/pipeline/index.ts";

const params = z.strictObject({
  /** The log loss of the candidate on the held-out data, and that of the champion if there is one. */
  logLoss: z.number().default(0.4),
  championLogLoss: z.number().default(0.42),
  baseLogLoss: z.number().default(0.45),
  heldOut: z.string().default("ab".repeat(32)),
  minimumGain: z.number().default(0.001),
  /** Seconds between the evaluation and the steps that follow. */
  pause: z.number().default(0),
});

/** The files of the trained model, sorted by path. */
export function modelFiles(logLoss: number): [path: string, body: string][] {
  return [
    ["MLmodel", `flavors: {}\n# ${logLoss}\n`],
    ["model/weights.json", "[1, 2]\n"],
    ["requirements.txt", ""],
  ];
}

/**
 * Trains a model (a folder in MLflow's format), compares it with the champion, registers it, and lets a gate decide.
 */
export const modelPipeline = definePipeline({ name: "training", params }, ({ params, step }) => {
  const trained = step(
    "train",
    lambda({ logLoss: params.logLoss }, async ({ logLoss }, { artifacts }) => {
      const written: Artifact[] = [];
      for (const [path, body] of modelFiles(logLoss)) {
        written.push(await artifacts.write(`model/${path}`, body, "text/plain"));
      }
      const uri = (written[0]?.uri ?? "").replace(/\/MLmodel$/, "");
      const profile = await artifacts.write("profile.json", "{}", "application/json");
      return { model: { uri, files: written }, profile, metrics: { testLogLoss: logLoss } };
    }),
    { cache: true },
  );
  const champion = step(
    "champion",
    lambda({}, async (_, { models }) => ({ version: (await models.champion("ctr"))?.version ?? null })),
  );
  const evaluated = step(
    "evaluate",
    lambda({ params, champion }, ({ params: { logLoss, championLogLoss, baseLogLoss }, champion }) => ({
      candidate: { logLoss },
      champion: champion.version === null ? null : { logLoss: championLogLoss },
      baseLogLoss,
    })),
  );
  const waited = step("pause", wait({ seconds: params.pause }), { after: [evaluated] });
  const data = [
    { uri: "s3://data/raw/ctr/october.csv", versionId: "3", sha256: params.heldOut, bytes: 12, rows: 2 },
  ];
  const registered = step(
    "register",
    registerModel({
      name: "ctr",
      model: trained.model,
      metrics: trained.metrics,
      parameters: { alpha: 1e-6, penalty: "l2" },
      data,
      seed: 42,
      attachments: { profile: trained.profile },
    }),
    { after: [waited] },
  );
  step(
    "promote",
    promoteModel({
      name: "ctr",
      version: registered.version,
      evaluation: {
        candidate: evaluated.candidate,
        champion: evaluated.champion,
        base: { logLoss: evaluated.baseLogLoss },
        against: champion.version,
        data,
      },
      gate: { metric: "logLoss", better: "lower", minimumGain: params.minimumGain },
    }),
  );
});
