import { noPipeline } from "../shared/run/run-errors.ts";
import { CliError } from "./errors.ts";
import type { Target } from "./target.ts";

type Asked = Pick<Target, "invoke" | "stage" | "config">;

function deployCommand({ stage, config }: Asked): string {
  return stage === "local" ? "npm run stack" : `npx sls deploy --stage ${stage} --region ${config.region}`;
}

/** Whether this checkout defines a pipeline. Its definitions are read only when somebody asks. */
async function isDefined(name: string): Promise<boolean> {
  const { pipelines } = await import("../pipelines/index.ts");
  return pipelines.some((pipeline) => pipeline.name === name);
}

/**
 * Invokes a function for a pipeline, and gives its answer.
 *
 * @throws CliError as {@link Target.invoke}; of a pipeline that is in this checkout and not deployed, with what to do
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
