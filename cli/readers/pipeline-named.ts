import { pipelines } from "../../pipelines/index.ts";
import type { Pipeline } from "../../shared/pipeline/index.ts";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";

/** The pipeline with this name, as the checkout defines it. @throws MillraceError listing the pipelines that exist */
export function pipelineNamed(name: string): Pipeline {
  const found = pipelines.find((pipeline) => pipeline.name === name);
  if (found !== undefined) return found;
  const names = pipelines.map((pipeline) => pipeline.name).join(", ");
  throw new MillraceError("PIPELINE_NOT_FOUND", `there is no pipeline "${name}"`, {
    remedy: `Use a pipeline of pipelines/index.ts: ${names}.`,
  });
}
