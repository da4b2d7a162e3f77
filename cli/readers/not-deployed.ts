import { noPipeline } from "../../shared/run/run-errors.ts";
import { CliError } from "../errors.ts";
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
 * @throws CliError as {@link Target.invoke} does; if the pipeline is in this checkout but not deployed, it says what to
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
    const isMissing = error instanceof CliError && error.message.startsWith(noPipeline(pipeline));
    if (!isMissing || !(await isDefined(pipeline))) throw error;
    throw new CliError(
      `${error.message}. It is in this checkout: deploy it with \`${deployCommand(target)}\``,
    );
  }
}
