import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { copyService } from "../local/stack/deploy-catalogue.ts";
import { NODE_BIN } from "../local/stack/paths.ts";

const folder = mkdtempSync(path.join(tmpdir(), "millrace-definition-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What packaging says of a service with a pipeline that is defined by these options. */
async function packaged(name: string, options: string): Promise<string> {
  const serviceDir = path.join(folder, name);
  const index = `
    import * as z from "zod";
    import { cron, definePipeline, lambda } from "../shared/pipeline/index.ts";
    const only = definePipeline(
      { name: "only", params: z.strictObject({}), ${options} },
      ({ step }) => step("a", lambda({}, () => 1)),
    );
    export const pipelines = [only];`;
  copyService(serviceDir, { index, sources: [] });
  const { stdout, stderr } = await execa("sls", ["package", "--stage", "prod"], {
    ...{ cwd: serviceDir, reject: false },
    env: { PATH: [NODE_BIN, process.env.PATH].join(path.delimiter) },
  });
  return stdout + stderr;
}

describe("packaging", () => {
  it("refuses a schedule that names no time, before anything is bundled", async () => {
    const said = await packaged("cron", 'triggers: [cron("0 25 * * *")]');
    expect(said).toContain('Nothing was packaged: pipeline "only" has 1 mistake');
    expect(said).toContain('triggers.0: cron "0 25 * * *": ');
    expect(said).not.toContain("check-times.ts");
  });

  it("refuses what is wrong otherwise with a definition", async () => {
    const said = await packaged("timeout", "timeout: -1");
    expect(said).toContain("timeout: is -1; it is a number of seconds above 0");
    expect(said).not.toContain("    at ");
  });
});
