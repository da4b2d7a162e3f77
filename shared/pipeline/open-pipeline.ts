import type * as z from "zod";
import type { PipelineOptions } from "./define-pipeline.ts";
import type { Json } from "./json.ts";
import type { Pipeline } from "./pipeline.ts";

export { PipelineDefinitionError } from "./define-pipeline.ts";

/**
 * Stands in place of the real `definePipeline` in functions that start runs and work on none: resources/pipeline-parts.ts
 * puts it there. What such a function asks of a definition are its parameters and triggers; everything about it was
 * checked when it was packaged.
 */
export function definePipeline<P extends z.ZodType<Json>>({
  name,
  params,
  triggers = [],
}: PipelineOptions<P>): Pick<Pipeline<P>, "name" | "params" | "triggers"> {
  return { name, params, triggers };
}
