import { pipelines } from "../../pipelines/index.ts";
import { manage } from "../../shared/operate/manage.ts";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { AnsweredError } from "../errors.ts";
import { invokeFor } from "./not-deployed.ts";

const [first, deployed] = pipelines;

/** A stage where only the second of this checkout's pipelines is deployed. */
function target(stage: string) {
  const { engine } = new MemoryEngine(deployed === undefined ? [] : [deployed]);
  const invoke = async (_: string, request: unknown) => {
    try {
      return await manage(engine, request);
    } catch (error) {
      throw error instanceof MillraceError ? new AnsweredError(error) : error;
    }
  };
  return { stage, config: { region: "eu-west-1" }, invoke };
}

const start = (stage: string, pipeline = "") =>
  invokeFor(target(stage), pipeline, "manage", { action: "start", pipeline });

test.each([
  ["local", "npm run stack"],
  ["prod", "npx sls deploy --stage prod --region eu-west-1"],
])("a pipeline that is in this checkout but not deployed to %s is reported so", async (stage, command) => {
  await expect(start(stage, first?.name)).rejects.toMatchObject({
    code: "PIPELINE_NOT_DEPLOYED",
    message: `pipeline "${first?.name}" is in this checkout but not deployed to stage "${stage}"`,
    remedy: `Deploy it: \`${command}\`.`,
  });
});

test("an unknown pipeline gets the stage's own error", async () => {
  await expect(start("local", "nope")).rejects.toMatchObject({
    code: "PIPELINE_NOT_FOUND",
    message: 'there is no pipeline "nope"',
    remedy: expect.stringMatching(/^Use a deployed pipeline: [a-z-]+\.$/),
  });
});
