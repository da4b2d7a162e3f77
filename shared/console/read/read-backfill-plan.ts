import { usualConcurrency } from "../../backfill/backfill-times.ts";
import type { BackfillPreview } from "../../backfill/backfill-view.ts";
import type { BackfillRequest } from "../../backfill/plan-backfill.ts";
import { previewBackfill } from "../../backfill/preview-backfill.ts";
import { given } from "../../platform/given.ts";
import { PipelineNotFoundError } from "../../run/run-errors.ts";
import { schedulesOf } from "../../schedule/register-schedules.ts";
import type { Field } from "../host/host.ts";
import type { RequestOf } from "../page-request.ts";
import { ownParamFields } from "../param-fields.ts";
import { type Section, type Sources, section } from "../sources.ts";

/** A backfill that somebody plans. */
export type BackfillPlanData = {
  /** Names of the pipeline's schedules. */
  readonly schedules: readonly string[];
  /** Fields for the parameters of its runs. */
  readonly fields: readonly Field[];
  /** What it would do; absent if nobody has said from when until when. */
  readonly asked?: { readonly request: BackfillRequest; readonly preview: Section<BackfillPreview> };
};

/**
 * What a backfill would do, in two rounds: what is stored of it, and the run of each of its times, if there are few
 * enough to look up.
 *
 * @throws PipelineNotFoundError
 */
export async function readBackfillPlan(
  { engine, paramsSchemaOf }: Sources,
  { page: _page, ...request }: RequestOf<"backfill-plan">,
): Promise<BackfillPlanData> {
  const pipeline = engine.pipelines.get(request.pipeline);
  if (pipeline === undefined) throw new PipelineNotFoundError(request.pipeline, engine.pipelines.keys());
  const { from, to, concurrency = usualConcurrency, retryFailed = false } = request;
  const complete =
    from !== undefined && to !== undefined
      ? given({ ...request, from, to, concurrency, retryFailed })
      : undefined;
  return {
    schedules: schedulesOf(pipeline).map(({ name }) => name),
    fields: ownParamFields(paramsSchemaOf(pipeline), request.params ?? {}),
    ...(complete !== undefined && {
      asked: { request: complete, preview: await section(previewBackfill(engine, complete)) },
    }),
  };
}
