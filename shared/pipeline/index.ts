/** The definition API: all that a file under pipelines/ or a job contract needs. */
export {
  definePipeline,
  type Pipeline,
  PipelineDefinitionError,
  type StepOptions,
} from "./define-pipeline.ts";
export { type Artifact, artifact, defineJob, type Job, JobDefinitionError } from "./job.ts";
export type { Json, JsonObject } from "./json.ts";
export {
  and,
  eq,
  flatten,
  gt,
  gte,
  type Input,
  lt,
  lte,
  ne,
  not,
  or,
  type Ref,
  type Resolved,
} from "./ref.ts";
export { FatalError, RetryAfter } from "./step-errors.ts";
export { batch, lambda, type StepContext, type Task } from "./task.ts";
export { cron, type LandedObject, objectCreated } from "./trigger.ts";
