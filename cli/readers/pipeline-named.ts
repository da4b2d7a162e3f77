import { pipelines } from "../../pipelines/index.ts";
import type { Pipeline } from "../../shared/pipeline/index.ts";
import { CliError } from "../errors.ts";

/** The pipeline with this name, as the checkout defines it. @throws CliError listing the pipelines that exist */
export function pipelineNamed(name: string): Pipeline {
  const found = pipelines.find((pipeline) => pipeline.name === name);
  if (found !== undefined) return found;
  const names = pipelines.map((pipeline) => pipeline.name).join(", ");
  throw new CliError(`there is no pipeline "${name}"; pipelines/index.ts has: ${names}`);
}
