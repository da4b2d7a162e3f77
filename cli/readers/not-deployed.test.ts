import { pipelines } from "../../pipelines/index.ts";
import { manage } from "../../shared/operate/manage.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { CliError } from "../errors.ts";
import { invokeFor } from "./not-deployed.ts";

const [first, deployed] = pipelines;

/** A stage where only the second of this checkout's pipelines is deployed. */
function target(stage: string) {
  const { engine } = new MemoryEngine(deployed === undefined ? [] : [deployed]);
  const invoke = async (_: string, request: unknown) => {
    try {
      return await manage(engine, request);
    } catch (error) {
      throw new CliError((error as Error).message);
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
  await expect(start(stage, first?.name)).rejects.toThrow(
    `there is no pipeline "${first?.name}"; deployed are: ${deployed?.name}. It is in this checkout: deploy it with \`${command}\``,
  );
});

test("an unknown pipeline gets the stage's own error", async () => {
  await expect(start("local", "nope")).rejects.toThrow(
    /^there is no pipeline "nope"; deployed are: [a-z-]+$/,
  );
});
