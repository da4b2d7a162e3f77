import * as z from "zod";
import { poem_model } from "../batch-jobs/poem_model/contract.ts";
import {
  batch,
  definePipeline,
  FatalError,
  lambda,
  type ModelFolder,
  maybe,
  ne,
  promoteModel,
  registerModel,
  runSucceeded,
  type StepContext,
} from "../shared/pipeline/index.ts";
import { newestLake, poemDatalake } from "./poem-datalake.ts";

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "it is not JSON" });
    return z.NEVER;
  }
});

/** The part of a lake's manifest that this pipeline reads: see batch-jobs/poems/lake.py. */
const lakeManifest = json.pipe(
  z.object({
    lake: z.string().endsWith("/"),
    catalogue: z.object({
      uri: z.string().startsWith("s3://"),
      sha256: z.string(),
      bytes: z.int().nonnegative(),
    }),
    forms: z.array(z.object({ form: z.string(), files: z.int().nonnegative() })),
  }),
);

/** Each form's model has its own name in the registry: the champion of one form says nothing about another form. */
const modelNameOf = (form: string) => `poems-${form}`;

type Chosen = {
  poems: { lake: string; catalogue: z.infer<typeof lakeManifest>["catalogue"]; form: string };
  /** Name of the model in the registry. */
  model: string;
};

async function manifestOf(uri: string | null, { artifacts }: StepContext) {
  if (uri !== null) return { uri, bytes: await artifacts.read(uri) };
  const bytes = await artifacts.published(newestLake);
  if (bytes !== undefined) return { uri: newestLake, bytes };
  throw new FatalError(
    `there is no lake of poems yet: ${newestLake} does not exist; drop a zip under raw/zips/ for ${poemDatalake.name} to make one`,
  );
}

/** The poems of one form in a lake: the lake of the given manifest, or the newest lake. */
export async function readForm(
  { form, manifest }: { form: string; manifest: string | null },
  context: StepContext,
): Promise<Chosen> {
  const { uri, bytes } = await manifestOf(manifest, context);
  const parsed = lakeManifest.safeParse(new TextDecoder().decode(bytes));
  if (!parsed.success)
    throw new FatalError(`${uri} is no manifest of a lake of poems: ${z.prettifyError(parsed.error)}`);
  const { lake, catalogue, forms } = parsed.data;
  const there = forms.filter(({ files }) => files > 0).map((each) => each.form);
  if (!there.includes(form)) {
    throw new FatalError(`${lake} has no poems of the form "${form}"; it has ${there.sort().join(", ")}`);
  }
  return { poems: { lake, catalogue, form }, model: modelNameOf(form) };
}

/** The champion that a new model of a form has to beat. */
export async function findChampion(
  { name }: { name: string },
  { models }: StepContext,
): Promise<{ version: number | null }> {
  return { version: (await models.champion(name))?.version ?? null };
}

/** A champion's model, and its tokeniser, which is stored next to the weights. */
export async function readChampion(
  { name, version }: { name: string; version: number | null },
  { models }: StepContext,
): Promise<{ model: ModelFolder; tokeniser: { uri: string } }> {
  const champion = version === null ? null : await models.read(name, version);
  if (champion === null) throw new FatalError(`there is no version ${version} of ${name}`);
  const { model } = champion;
  return { model, tokeniser: { uri: `${model.uri.replace(/\/$/, "")}/data/` } };
}

const {
  model,
  steps,
  batchSize,
  learningRate,
  warmupSteps,
  evaluateSteps,
  checkpointSteps,
  patience,
  threads,
  seed,
  pretrained,
} = poem_model.train.input.shape;
const { trainShare, vocabularySize } = poem_model.tokenise.input.shape;
const { count, prompt, maxTokens, temperature, topK } = poem_model.sample.input.shape;

/**
 * A machine with one GPU (the job fits on a g4dn.xlarge). In a stage without GPUs, a CPU machine that trains a small
 * model in a few hours.
 */
const trainingMachine = {
  ...{ queue: "gpu", gpus: 1, vcpus: 4, memory: [8192, 15_000] },
  withoutGpu: { vcpus: 2, memory: [4096, 8192, 15_000] },
};

/**
 * A model that two CPUs can train within minutes: half a million weights, instead of the 12 million of the defaults for
 * a GPU.
 */
const modelForCpus = {
  vocabularySize: 1024,
  model: { seqLen: 64, layers: 2, heads: 4, width: 128 },
  training: { steps: 300, batchSize: 16, learningRate: 3e-3, warmupSteps: 30, evaluateSteps: 50 },
};

/**
 * Trains a small language model on the poems of one form, lets it write ten poems, and lets it challenge the champion
 * of that form. The model is promoted if it needs fewer bits per byte of the poems that it hasn't seen; otherwise it is
 * refused, and the result shows the figures.
 */
export const poemModel = definePipeline(
  {
    name: "poem-model",
    runName: "poem-model-{params.form}-{yyyy}-{MM}-{dd}-{HH}-{mm}-{ss}",
    params: z
      .strictObject({
        /** A form's name in the lake; other forms aren't used. */
        form: z
          .string()
          .regex(
            /^[a-z0-9-]{1,34}$/,
            "is 1 to 34 lower-case letters a to z, digits and -, as it is part of a model's name",
          )
          .default("ballad"),
        /** The manifest of the lake to read; the newest lake's manifest if omitted. */
        manifest: z
          .string()
          .regex(/^s3:\/\/.+\/_manifest\.json$/, "is no s3://…/_manifest.json")
          .nullable()
          .default(null),
        trainShare,
        vocabularySize,
        /** A GPT-2 to start from, below raw/ or models/; random weights if omitted. */
        pretrained,
        /** The shape of the transformer. */
        model,
        /** The settings of the training. */
        training: z
          .strictObject({
            steps,
            batchSize,
            learningRate,
            warmupSteps,
            evaluateSteps,
            checkpointSteps,
            patience,
          })
          .prefault({}),
        /** The settings for the poems that are written to go with the model. */
        samples: z.strictObject({ count, prompt, maxTokens, temperature, topK }).prefault({}),
        threads,
        seed,
        /** Minimum share by which the model must need fewer bits per byte than the champion: 0.01 is 1 %. */
        minimumGain: z.number().min(0).max(1).default(0),
      })
      .refine(({ model: { width, heads } }) => width % heads === 0, {
        path: ["model", "width"],
        error: "is no multiple of model.heads",
      }),
    triggers: [
      runSucceeded({
        pipeline: poemDatalake,
        // Uses that run's lake, even if a newer one exists by now. Without GPUs the model is small, because dropping a
        // zip isn't a request for days of CPU time.
        params: ({ result, stage }) => ({
          manifest: `${result.lake}_manifest.json`,
          ...(stage.gpus ? {} : modelForCpus),
        }),
      }),
    ],
  },
  ({ params, step }) => {
    const { form, trainShare, vocabularySize, pretrained, training, samples, threads, seed } = params;
    const chosen = step("read_form", lambda({ form, manifest: params.manifest }, readForm));
    const tokens = step(
      "tokenise",
      batch(poem_model.tokenise, { poems: chosen.poems, trainShare, vocabularySize, pretrained }),
      { cache: true },
    );
    const { steps, batchSize, learningRate, warmupSteps, evaluateSteps, checkpointSteps, patience } =
      training;
    const trained = step(
      "train",
      batch(
        poem_model.train,
        {
          ...{ tokeniser: tokens.tokeniser, train: tokens.train, pretrained, model: params.model },
          ...{
            steps,
            batchSize,
            learningRate,
            warmupSteps,
            evaluateSteps,
            checkpointSteps,
            patience,
            threads,
            seed,
          },
        },
        trainingMachine,
      ),
      { cache: true },
    );
    const evaluation = step(
      "evaluate",
      batch(poem_model.evaluate, {
        ...{ model: trained.model, train: tokens.train, validation: tokens.validation, threads },
      }),
      { cache: true },
    );
    const { count, prompt, maxTokens, temperature, topK } = samples;
    const written = step(
      "sample",
      batch(poem_model.sample, {
        ...{ model: trained.model, count, prompt, maxTokens, temperature, topK, threads, seed },
      }),
      { cache: true },
    );
    const { perplexity, unigramPerplexity, bitsPerByte, unigramBitsPerByte } = evaluation;
    const { seqLen, layers, heads, width, dropout } = params.model;
    const { lake, catalogue } = chosen.poems;
    const registered = step(
      "register_model",
      registerModel({
        name: chosen.model,
        model: trained.model,
        metrics: {
          ...{ perplexity, unigramPerplexity, bitsPerByte, unigramBitsPerByte },
          ...{ steps: trained.metrics.steps, bestStep: trained.metrics.bestStep },
          ...{ parameters: trained.metrics.parameters, tokens: trained.metrics.tokens },
        },
        parameters: {
          ...{ form, trainShare, seqLen, layers, heads, width, dropout },
          ...{ vocabularySize: tokens.vocabularySize, steps, batchSize, learningRate },
          ...{ precision: trained.precision, device: trained.device },
        },
        data: [{ uri: catalogue.uri, sha256: catalogue.sha256, bytes: catalogue.bytes }],
        signature: trained.signature,
        seed,
        tags: { form, lake },
        attachments: { poems: written.poems, curves: trained.curves },
      }),
    );
    const found = step("find_champion", lambda({ name: chosen.model }, findChampion), { after: [trained] });
    const champion = step(
      "read_champion",
      lambda({ name: chosen.model, version: found.version }, readChampion),
      { when: ne(found.version, null) },
    );
    // The champion has its own tokeniser, so it predicts the same poems in different tokens.
    const itsTokens = step(
      "tokenise_for_champion",
      batch(poem_model.tokenise, { poems: chosen.poems, trainShare, pretrained: champion.tokeniser }),
      { cache: true },
    );
    const itsEvaluation = step(
      "evaluate_champion",
      batch(poem_model.evaluate, {
        ...{ model: champion.model, train: itsTokens.train, validation: itsTokens.validation, threads },
      }),
      { cache: true },
    );
    const promotion = step(
      "promote",
      promoteModel({
        name: chosen.model,
        version: registered.version,
        evaluation: {
          // Perplexities of different tokenisers can't be compared, but bits per byte can.
          candidate: { bitsPerByte },
          champion: maybe(itsEvaluation),
          base: { bitsPerByte: unigramBitsPerByte },
          against: found.version,
          data: { catalogue: catalogue.sha256, form, trainShare },
        },
        gate: { metric: "bitsPerByte", better: "lower", minimumGain: params.minimumGain },
      }),
    );
    return {
      model: registered.version,
      promotion,
      perplexity,
      unigramPerplexity,
      device: trained.device,
      poems: written.poems,
    };
  },
);
