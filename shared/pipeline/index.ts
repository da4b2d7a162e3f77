/** The definition API: everything that a file under pipelines/ or a job contract needs. */
export { definePipeline, PipelineDefinitionError } from "./define-pipeline.ts";
export { type Artifact, artifact, defineJob, type Job, JobDefinitionError } from "./job.ts";
export type { Json, JsonObject } from "./json.ts";
export {
  type ModelData,
  type ModelFolder,
  type ModelVersion,
  modelData,
  modelFolder,
  type Promotion,
} from "./model.ts";
export { promoteModel, registerModel } from "./model-task.ts";
export { email, type Notice, notice, slack, webhook } from "./notice.ts";
export type {
  Hook,
  LandedObject,
  Pipeline,
  RunEnd,
  StageFacts,
  SucceededRun,
  WorkQueue,
} from "./pipeline.ts";
export {
  and,
  eq,
  flatten,
  gt,
  gte,
  type Input,
  lt,
  lte,
  maybe,
  ne,
  not,
  or,
  type Ref,
  type Resolved,
  text,
} from "./ref.ts";
export { cron, interval } from "./schedule-trigger.ts";
export { FatalError, RetryAfter } from "./step-errors.ts";
export type { RawData, RawObject, StepContext } from "./step-function.ts";
export type { StepOptions } from "./step-options.ts";
export {
  type Approval,
  type ArrivedObject,
  approval,
  batch,
  child,
  lambda,
  repeat,
  type Task,
  wait,
} from "./task.ts";
export { objectCreated, runSucceeded } from "./trigger.ts";
export { workQueue } from "./work-queue.ts";
