import { pipelines } from "../../pipelines/index.ts";
import type { Engine } from "../ports/engine.ts";
import { catalogueOf } from "./catalogue.ts";

/**
 * The pipelines of this checkout, all of them loaded. Packaging replaces this module with one that loads each pipeline
 * when a run needs it: resources/pipeline-parts.ts.
 *
 * @param gpus whether the stage has GPUs
 */
export function deployedPipelines(gpus: boolean): Engine["pipelines"] {
  return catalogueOf(pipelines, { gpus });
}
