import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { type Catalogue, copyService } from "../local/stack/deploy-catalogue.ts";
import { NODE_BIN } from "../local/stack/paths.ts";
import { serverlessSpeed } from "../local/stack/serverless-speed.ts";

const folder = mkdtempSync(path.join(tmpdir(), "millrace-definition-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What packaging reports about a service with a pipeline that these options define. */
async function packaged(name: string, options: string): Promise<string> {
  const index = `
    import * as z from "zod";
    import { cron, definePipeline, lambda } from "../shared/pipeline/index.ts";
    const only = definePipeline(
      { name: "only", params: z.strictObject({}), ${options} },
      ({ step }) => step("a", lambda({}, () => 1)),
    );
    export const pipelines = [only];`;
  return outputOf(name, { index, sources: [] });
}

/** What packaging reports about a service with these pipelines. */
async function outputOf(name: string, catalogue: Catalogue): Promise<string> {
  const serviceDir = path.join(folder, name);
  copyService(serviceDir, catalogue);
  const { stdout, stderr } = await execa("sls", ["package", "--stage", "prod"], {
    ...{ cwd: serviceDir, reject: false },
    env: { PATH: [NODE_BIN, process.env.PATH].join(path.delimiter), ...serverlessSpeed },
  });
  return stdout + stderr;
}

describe("packaging", () => {
  it("refuses a schedule that never fires, before anything is bundled", async () => {
    const output = await packaged("cron", 'triggers: [cron("0 25 * * *")]');
    expect(output).toContain(
      'Nothing was packaged: error[PIPELINE_DEFINITION]: pipeline "only" has 1 mistake',
    );
    expect(output).toContain('triggers.0: cron "0 25 * * *": ');
    expect(output).not.toContain("check-times.ts");
  });

  it("refuses any other mistake in a definition", async () => {
    const output = await packaged("timeout", "timeout: -1");
    expect(output).toContain("timeout: is -1; it is a number of seconds above 0");
    expect(output).not.toContain("    at ");
  });

  it("refuses a pipeline that no module exports, because no function could load it", async () => {
    const output = await outputOf("unexported", {
      index: `
        import * as z from "zod";
        import { child, definePipeline, lambda } from "../shared/pipeline/index.ts";
        const params = z.strictObject({});
        const inner = definePipeline({ name: "inner", params }, ({ step }) => step("a", lambda({}, () => 1)));
        export const pipelines = [definePipeline({ name: "outer", params }, ({ step }) => step("a", child(inner, {})))];`,
      sources: [],
    });
    expect(output).toContain(
      'Nothing was packaged: error[PIPELINE_EXPORT]: pipeline "inner" is exported by no module\n  → ',
    );
  });

  it("refuses a job's schemas that are older than its contract, with a remedy", async () => {
    const output = await outputOf("schemas", {
      index: `import { lineCount } from "../templates/batch/pipelines/line-count.ts";
        export const pipelines = [lineCount];`,
      sources: ["templates"],
      families: ["templates/batch/batch-jobs/line_count"],
      files: { "batch-jobs/line_count/schemas/count.input.json": "{}" },
    });
    expect(output).toContain(
      "Nothing was packaged: batch-jobs/line_count/schemas/count.input.json: out of date, as the contract has changed; run npm run schemas",
    );
  });
});
