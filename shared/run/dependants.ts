import type { Pipeline, RunTrigger } from "../pipeline/pipeline.ts";
import type { Engine } from "../ports/engine.ts";

/** A pipeline that starts when runs of another succeed, and its trigger. */
export type Dependant = { readonly pipeline: Pipeline; readonly trigger: RunTrigger };

/** The pipelines that start when a run of a pipeline succeeds. */
export function dependantsOf({ pipelines }: Pick<Engine, "pipelines">, followed: string): Dependant[] {
  return [...pipelines.values()].flatMap((pipeline) =>
    pipeline.triggers.flatMap((trigger): Dependant[] =>
      trigger.kind === "run" && trigger.pipeline.name === followed ? [{ pipeline, trigger }] : [],
    ),
  );
}
