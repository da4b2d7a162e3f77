import type { Pipeline } from "../shared/pipeline/index.ts";
import { ctrTraining } from "./ctr-training.ts";
import { poemDatalake } from "./poem-datalake.ts";
import { poemModel } from "./poem-model.ts";
import { ridgeSweep } from "./ridge-sweep.ts";
import { ridgeSweepSubruns } from "./ridge-sweep-subruns.ts";
import { ridgeTrain } from "./ridge-train.ts";
import { taxiScoring } from "./taxi-scoring.ts";
import { taxiTraining } from "./taxi-training.ts";

/** Every pipeline that is deployed. Add new pipelines here. */
export const pipelines: readonly Pipeline[] = [
  ctrTraining,
  poemDatalake,
  poemModel,
  ridgeSweep,
  ridgeSweepSubruns,
  ridgeTrain,
  taxiScoring,
  taxiTraining,
];
