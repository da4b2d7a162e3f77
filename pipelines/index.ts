import type { Pipeline } from "../shared/pipeline/index.ts";
import { ctrTraining } from "./ctr-training.ts";
import { ridgeSweep } from "./ridge-sweep.ts";

/** Every pipeline that is deployed. A new one is added here. */
export const pipelines: readonly Pipeline[] = [ctrTraining, ridgeSweep];
