import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { DescribedPipeline } from "./described-pipeline.ts";

let checked: Promise<readonly DescribedPipeline[]> | undefined;

async function check(): Promise<readonly DescribedPipeline[]> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-pipelines-"));
  const file = join(folder, "pipelines.json");
  try {
    // In a separate process, because it must load what is to be deployed and not what sls has loaded.
    await promisify(execFile)(process.execPath, [
      "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
      join(import.meta.dirname, "check-definitions.ts"),
      file,
    ]);
    return JSON.parse(readFileSync(file, "utf8")) as DescribedPipeline[];
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(String(stderr || message).trim());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Checks the pipelines that are to be packaged and describes them, once per process.
 *
 * @throws Error with everything that is wrong with their definitions
 */
export function checkedPipelines(): Promise<readonly DescribedPipeline[]> {
  checked ??= check();
  return checked;
}
