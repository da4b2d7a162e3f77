import * as z from "zod";
import { definePipeline, promoteModel } from "../../shared/pipeline/index.ts";
import { moveOf, versionOf } from "../contract/model-registry.contract.ts";
import { begin } from "../engine/driving.ts";
import { pageText } from "./elements.ts";
import { consoleStage } from "./fixtures.ts";

const trains = definePipeline(
  { name: "trains", params: z.strictObject({ logLoss: z.number() }) },
  ({ params, step }) => {
    step(
      "promote",
      promoteModel({
        ...{ name: "ctr", version: 2 },
        evaluation: {
          candidate: { logLoss: params.logLoss },
          champion: { logLoss: 0.4 },
          base: { logLoss: 0.5 },
          ...{ against: 1, data: "day 11" },
        },
        gate: { metric: "logLoss", better: "lower", minimumGain: 0.001 },
      }),
    );
  },
);

/** The page of a run whose new version has this log-loss; the champion has 0.4. */
async function pageOf(logLoss: number): Promise<string> {
  const { memory, console } = consoleStage(undefined, [trains]);
  const { models } = memory.engine;
  for (const version of [1, 2]) {
    await models.reserveVersion("ctr", `source ${version}`);
    await models.putVersion(versionOf("ctr", version));
  }
  await models.moveAlias(moveOf(1, 1));
  const runId = await begin(memory, "trains", { params: { logLoss } });
  await memory.finish(runId);
  return pageText(String(await console({ page: "run", runId })));
}

test("a run whose model a gate refused says so at its top, with the reason and who is champion", async () => {
  const text = await pageOf(0.44);
  expect(text).toContain("The gate refused version 2 of ctr.");
  expect(text).toContain("worse by 10 %");
  expect(text).toContain("The champion is version 1.");
  expect(text).toContain("Look at model ctr");
  expect(text.indexOf("The gate refused")).toBeLessThan(text.indexOf("✓ succeeded"));
});

test("a run whose model was promoted says nothing about a refusal", async () => {
  expect(await pageOf(0.3)).not.toContain("refused");
});
