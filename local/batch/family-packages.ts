import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import path from "node:path";
import { needsFunction } from "../../resources/family-functions.ts";
import { listFamilies } from "../../resources/images/family.ts";
import { VENV } from "../stack/paths.ts";
import type { BatchConfiguration } from "./configuration.ts";
import { definitionOfFamily, familyOfDefinition } from "./job-definitions.ts";

/** The folder of an environment's packages, relative to it, such as `lib/python3.11/site-packages`. */
function packagesFolder(venv: string): string {
  const version = readdirSync(path.join(venv, "lib")).find((name) =>
    existsSync(path.join(venv, "lib", name, "site-packages")),
  );
  if (version === undefined)
    throw new Error(`${venv} has no lib/python…/site-packages; run \`npm run setup\` again`);
  return path.join("lib", version, "site-packages");
}

/** A package's name as PyPA normalises it (PEP 503): `jsonschema_specifications` is `jsonschema-specifications`. */
const normalised = (name: string) => name.replaceAll(/[-_.]+/g, "-").toLowerCase();

/** Names of the packages that a lock lists. A lock may list one several times, for different systems. */
function lockedPackages(lock: string): ReadonlySet<string> {
  return new Set([...lock.matchAll(/^([A-Za-z0-9][\w.-]*)==/gm)].map(([, name = ""]) => normalised(name)));
}

/**
 * What an installed package consists of: entries of the packages' folder and paths of programs relative to that folder.
 * `RECORD` lists all files of a package, one in a line (PyPA's "recording installed projects").
 */
function entriesOf(record: string): string[] {
  const files = record.split("\n").map((line) => line.replace(/^"/, ""));
  const programs = files.flatMap((file) => /^(?:\.\.\/)+bin\/[^,/"]+/.exec(file)?.[0] ?? []);
  const entries = files.flatMap((file) => /^[^,/"]+/.exec(file)?.[0] ?? []).filter((name) => name !== "..");
  return [...new Set([...entries, ...programs])];
}

/** Fills an empty folder with a Python environment that has only these packages, as links to those of `venv`. */
function fill(folder: string, venv: string, names: ReadonlySet<string>): void {
  const packages = packagesFolder(venv);
  const [from, to] = [path.join(venv, packages), path.join(folder, packages)];
  for (const made of [to, path.join(folder, "bin")]) mkdirSync(made, { recursive: true });
  copyFileSync(path.join(venv, "pyvenv.cfg"), path.join(folder, "pyvenv.cfg"));
  const python = realpathSync(path.join(venv, "bin", "python"));
  for (const name of ["python", "python3"]) symlinkSync(python, path.join(folder, "bin", name));
  const records = readdirSync(from)
    .filter((name) => name.endsWith(".dist-info") && names.has(normalised(name.split("-")[0] ?? "")))
    .map((name) => path.join(from, name, "RECORD"));
  // The project's own folders, and modules that were compiled next to their sources.
  const entries = ["millrace.pth", "__pycache__"];
  for (const record of records) entries.push(...entriesOf(readFileSync(record, "utf8")));
  for (const entry of new Set(entries)) {
    const [source, link] = [path.join(from, entry), path.join(to, entry)];
    if (existsSync(source) && !existsSync(link)) symlinkSync(source, link);
  }
}

/**
 * The folder of the Python environment for a job. Jobs of a family see only the packages in the family's lock, as in
 * their image. So an import that the image lacks fails here too, and libraries don't load other families' packages,
 * which takes some of them seconds. Jobs of no family, and of a family without a lock, get the whole environment.
 *
 * The environment is made when it's first needed, and again if the lock or the installed packages have changed.
 *
 * @param definition name of the job's definition
 */
export function jobPackages(
  definition: string,
  { venv, jobs, state }: Pick<BatchConfiguration, "venv" | "jobs" | "state">,
): string {
  const family = familyOfDefinition(definition);
  const lock = family === undefined ? undefined : path.join(jobs, family, "requirements.lock");
  if (family === undefined || lock === undefined || !existsSync(lock)) return venv;
  const text = readFileSync(lock, "utf8");
  const installed = statSync(path.join(venv, packagesFolder(venv))).mtimeMs;
  const digest = createHash("sha256").update(`${text}\n${installed}\n${venv}`).digest("hex").slice(0, 12);
  const folder = path.join(state, "python", `${family}-${digest}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  fill(unfinished, venv, lockedPackages(text));
  renameSync(unfinished, folder);
  return folder;
}

/**
 * The Python of each family that has a Lambda function, by family: that of {@link jobPackages}.
 *
 * @param root folder that holds `batch-jobs`
 * @param state the local Batch server's folder
 */
export function functionPythons(root: string, state: string): Record<string, string> {
  const jobs = path.join(root, "batch-jobs");
  const families = listFamilies(root).filter((family) => needsFunction(root, family));
  return Object.fromEntries(
    families.map((family) => {
      const packages = jobPackages(definitionOfFamily(family), { venv: VENV, jobs, state });
      return [family, path.join(packages, "bin", "python")];
    }),
  );
}
