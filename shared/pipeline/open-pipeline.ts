import type * as z from "zod";
import type { PipelineOptions } from "./define-pipeline.ts";
import type { Json } from "./json.ts";
import type { Pipeline } from "./pipeline.ts";

export { PipelineDefinitionError } from "./define-pipeline.ts";

/**
 * Replaces the real `definePipeline` in functions that start runs but don't work on them; resources/pipeline-parts.ts
 * makes the replacement. Such a function needs only a definition's parameters and triggers. Everything else about the
 * definition was checked when it was packaged.
 */
export function definePipeline<P extends z.ZodType<Json>>({
  name,
  params,
  triggers = [],
}: PipelineOptions<P>): Pick<Pipeline<P>, "name" | "params" | "triggers"> {
  return { name, params, triggers };
}
