import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

const root = join(import.meta.dirname, "..");
const lock = join(root, "bench/prefect/requirements.lock");
const folder = join(root, "bench/.prefect");
const stamp = join(folder, ".millrace-setup");

/**
 * Makes the Python environment of Prefect, which is not the project's: nothing but this comparison needs it, and it is
 * larger than everything else together. Costs nothing when it is there already.
 *
 * @returns the folder of its programs
 */
export async function prefectEnvironment(): Promise<string> {
  const programs = join(folder, "bin");
  // The folder is part of it: an environment that was moved along with its project doesn't work.
  const wanted = createHash("sha256").update(readFileSync(lock)).update(folder).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return programs;
  console.error("bench: installing Prefect into bench/.prefect/ …");
  await execa(join(root, ".venv/bin/python"), ["-m", "venv", "--clear", folder]);
  await execa(join(programs, "pip"), [
    "install",
    "--quiet",
    "--disable-pip-version-check",
    // The lock names everything; asked for what depends on what, pip would look at versions that it does not name.
    "--no-deps",
    "--require-hashes",
    "--requirement",
    lock,
  ]);
  writeFileSync(stamp, wanted);
  return programs;
}
