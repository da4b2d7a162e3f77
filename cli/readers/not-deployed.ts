import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { AnsweredError } from "../errors.ts";
import type { Target } from "./target.ts";

type Asked = Pick<Target, "invoke" | "stage" | "config">;

function deployCommand({ stage, config }: Asked): string {
  return stage === "local" ? "npm run stack" : `npx sls deploy --stage ${stage} --region ${config.region}`;
}

/** Whether this checkout defines a pipeline. Loads the definitions only when called. */
async function isDefined(name: string): Promise<boolean> {
  const { pipelines } = await import("../../pipelines/index.ts");
  return pipelines.some((pipeline) => pipeline.name === name);
}

/**
 * Invokes a function for a pipeline, and returns its answer.
 *
 * @throws AnsweredError as {@link Target.invoke} does; if the pipeline is in this checkout but not deployed, it says what to
 *   do
 */
export async function invokeFor(
  target: Asked,
  pipeline: string,
  name: "start" | "manage",
  payload: object,
): Promise<unknown> {
  try {
    return await target.invoke(name, payload);
  } catch (error) {
    const isMissing = error instanceof AnsweredError && error.code === "PIPELINE_NOT_FOUND";
    if (!isMissing || !(await isDefined(pipeline))) throw error;
    throw new MillraceError(
      "PIPELINE_NOT_DEPLOYED",
      `pipeline "${pipeline}" is in this checkout but not deployed to stage "${target.stage}"`,
      { remedy: `Deploy it: \`${deployCommand(target)}\`.` },
    );
  }
}
