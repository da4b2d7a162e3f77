import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

const root = join(import.meta.dirname, "..");

/**
 * Creates the Python environment of a program that Millrace is compared with, from the lock in `bench/{name}/`. It's
 * separate from the project's, because only the comparison needs it. If it already exists, this takes no time.
 *
 * @returns the folder of its programs, `bench/.{name}/bin`
 */
export async function pythonEnvironment(name: string): Promise<string> {
  const lock = join(root, `bench/${name}/requirements.lock`);
  const folder = join(root, `bench/.${name}`);
  const programs = join(folder, "bin");
  const stamp = join(folder, ".millrace-setup");
  // The hash includes the folder, because an environment that was moved along with its project doesn't work.
  const wanted = createHash("sha256").update(readFileSync(lock)).update(folder).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return programs;
  console.error(`bench: installing the packages of bench/${name}/ into bench/.${name}/ …`);
  await execa(join(root, ".venv/bin/python"), ["-m", "venv", "--clear", folder]);
  await execa(join(programs, "pip"), [
    "install",
    "--quiet",
    "--disable-pip-version-check",
    // The lock names everything. With dependency resolution, pip would look at versions that the lock doesn't name.
    "--no-deps",
    "--require-hashes",
    "--requirement",
    lock,
  ]);
  writeFileSync(stamp, wanted);
  return programs;
}
