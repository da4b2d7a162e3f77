import type { Engine } from "../engine.ts";
import type { Pipeline } from "../pipeline/define-pipeline.ts";
import type { Json } from "../pipeline/json.ts";
import { plan } from "../state/plan.ts";
import { type ActiveRun, type Cause, noProgress } from "../state/run.ts";
import { dispatch } from "./advance-run.ts";
import { ParamsError, PipelineNotFoundError } from "./run-errors.ts";
import { runIdOf } from "./run-id.ts";

/** What a run is started with. */
export type StartRequest = {
  pipeline: string;
  /** What is left out takes its default. */
  params?: Json;
  /** The time that the run is for, ISO 8601; now when left out. */
  scheduledAt?: string;
  cause: Cause;
  /** Text that tells causes of one pipeline and time apart: the same text and time never start a second run. */
  causeKey: string;
  name?: string;
};

/** The run that a request led to, and whether this request created it. */
export type StartedRun = { runId: string; name: string; created: boolean };

/** @throws ParamsError naming each wrong field */
function checkedParams(pipeline: Pipeline, params: Json): Json {
  const parsed = pipeline.params.safeParse(params);
  if (parsed.success) return parsed.data;
  const { name } = pipeline;
  const lines = parsed.error.issues.map(
    ({ path, message }) => `${["params", ...path].join(".")}: ${message}`,
  );
  throw new ParamsError(`pipeline ${name} was not started: ${lines.join("; ")}`);
}

/**
 * Starts a run, unless the same cause already did.
 *
 * @throws PipelineNotFoundError
 * @throws ParamsError before anything is stored
 */
export async function startRun(engine: Engine, request: StartRequest): Promise<StartedRun> {
  const pipeline = engine.pipelines.get(request.pipeline);
  if (pipeline === undefined) throw new PipelineNotFoundError(request.pipeline, engine.pipelines.keys());
  const params = checkedParams(pipeline, request.params ?? {});
  const now = engine.clock.now();
  const scheduledAt = new Date(request.scheduledAt ?? now).toISOString();
  const runId = runIdOf(pipeline.name, scheduledAt, request.causeKey);
  const run: ActiveRun = {
    runId,
    pipeline: pipeline.name,
    graphHash: pipeline.graphHash,
    name: request.name ?? `${pipeline.name}-${scheduledAt.slice(0, 19).replace(/[T:]/g, "-")}`,
    params,
    cause: request.cause,
    scheduledAt,
    startedAt: new Date(now).toISOString(),
    epoch: 1,
    progress: noProgress,
    state: "RUNNING",
  };
  await engine.store.putGraph(pipeline.graphHash, pipeline.graph);
  const outcome = await engine.store.createRun(run, now + engine.settings.sweepSeconds * 1000);
  if (outcome === "exists") return { runId, name: run.name, created: false };
  // A crash from here on leaves a run without hints; the sweep sends them.
  await dispatch(engine, run, pipeline.graph, plan(pipeline.graph, noProgress).ready);
  engine.log.info("run started", { runId, pipeline: pipeline.name, name: run.name, cause: run.cause });
  engine.meter.count("RunStarted", { pipeline: pipeline.name });
  return { runId, name: run.name, created: true };
}
