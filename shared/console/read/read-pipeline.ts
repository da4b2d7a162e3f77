import type { Graph } from "../../pipeline/graph.ts";
import type { Pipeline, Trigger } from "../../pipeline/pipeline.ts";
import { RequestError } from "../../platform/parse-request.ts";
import { dependantsOf } from "../../run/dependants.ts";
import { PipelineNotFoundError, RunNotFoundError } from "../../run/run-errors.ts";
import type { ScheduleView } from "../../schedule/schedule-view.ts";
import { viewSchedules } from "../../schedule/view-schedules.ts";
import type { RunSummary } from "../../state/run.ts";
import type { Field } from "../host/host.ts";
import type { RequestOf } from "../page-request.ts";
import { paramFields } from "../param-fields.ts";
import { type Section, type Sources, section } from "../sources.ts";

/** A pipeline for its page. */
export type PipelinePageData = {
  readonly pipeline: string;
  readonly triggers: readonly Trigger[];
  /** Pipelines that start when a run of this one succeeds. */
  readonly followers: readonly string[];
  readonly graph: Section<{ readonly graph: Graph; readonly hash: string }>;
  readonly schedules: Section<readonly ScheduleView[]>;
  /** The newest runs, newest first. */
  readonly runs: Section<readonly RunSummary[]>;
  /** Fields for the parameters of a new run. */
  readonly fields: Section<readonly Field[]>;
};

/** Runs that the page shows and counts. */
export const runsShown = 30;
/** Next times of each schedule. */
const timesShown = 5;

/** Fields with the defaults, or with the parameters of an earlier run. */
async function fieldsFor(
  { engine, paramsSchemaOf }: Sources,
  pipeline: Pipeline,
  again: string | undefined,
): Promise<readonly Field[]> {
  const schema = paramsSchemaOf(pipeline);
  if (again === undefined) return paramFields(schema);
  const run = await engine.store.getRun(again);
  if (run === undefined) throw new RunNotFoundError(again);
  if (run.pipeline !== pipeline.name)
    throw new RequestError(`again: run ${again} is a run of ${run.pipeline}`);
  return paramFields(schema, run.params);
}

/**
 * A pipeline in one round: a page of its runs, all schedules, and the run whose parameters are used again.
 *
 * @throws PipelineNotFoundError
 */
export async function readPipeline(
  sources: Sources,
  request: RequestOf<"pipeline">,
): Promise<PipelinePageData> {
  const { engine } = sources;
  const pipeline = engine.pipelines.get(request.pipeline);
  if (pipeline === undefined) throw new PipelineNotFoundError(request.pipeline, engine.pipelines.keys());
  const { name, triggers, graphHash: hash } = pipeline;
  const ofThis = async () => {
    const all = await viewSchedules(engine, timesShown);
    return all.filter((each) => each.pipeline === name);
  };
  const [graph, schedules, runs, fields] = await Promise.all([
    section((async () => ({ graph: pipeline.graph, hash }))()),
    section(ofThis()),
    section(engine.store.listRuns({ pipeline: name }, runsShown).then((page) => page.runs)),
    section(fieldsFor(sources, pipeline, request.again)),
  ]);
  const followers = dependantsOf(engine, name).map((each) => each.pipeline.name);
  return { pipeline: name, triggers, followers, graph, schedules, runs, fields };
}
