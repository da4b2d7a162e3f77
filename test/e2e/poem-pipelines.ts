import { poemDatalake } from "../../pipelines/poem-datalake.ts";
import { poemModel } from "../../pipelines/poem-model.ts";
import type { Pipeline, SucceededRun } from "../../shared/pipeline/index.ts";
import type { JsonObject } from "../../shared/pipeline/json.ts";

/** Learns generated ballads within seconds on one core, and saves checkpoints all the time. */
export const smallModel: JsonObject = {
  vocabularySize: 300,
  model: { seqLen: 32, layers: 1, heads: 2, width: 48, dropout: 0 },
  training: {
    ...{ steps: 120, batchSize: 16, learningRate: 6e-3, warmupSteps: 10 },
    ...{ evaluateSteps: 40, checkpointSteps: 10 },
  },
  samples: { maxTokens: 60 },
  threads: 1,
};

/** Both pipelines unchanged, except for the size of the model that a new lake trains. */
export const pipelines: readonly Pipeline[] = [
  poemDatalake,
  {
    ...poemModel,
    triggers: poemModel.triggers.map((trigger) =>
      trigger.kind === "run"
        ? { ...trigger, params: (run: SucceededRun) => ({ ...trigger.params(run), ...smallModel }) }
        : trigger,
    ),
  },
];
