// The Python environment of the local stack, the jobs and the tests.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { outputOf, runCommand } from "./install.mjs";
import { packageCache } from "./package-cache.mjs";
import { CACHE, hashOf, ROOT, VENV, VENV_PYTHON } from "./project.mjs";
import { SetupError } from "./setup-error.mjs";

/** Versions that the locks have packages for: 3.11 to 3.14. A newer one is used if there is none of these. */
const MIN_MINOR = 11;
const MAX_MINOR = 14;
const COMMANDS = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"];

const lock = path.join(ROOT, "batch-jobs", "requirements-dev.lock");

/** @param {string} command */
function minorOf(command) {
  const version = outputOf(command, ["-c", "import sys; print(*sys.version_info[:2])"]) ?? "";
  const [major, minor] = version.split(" ").map(Number);
  return major === 3 && minor !== undefined ? minor : 0;
}

/** The Python to make the environment with. */
function findPython() {
  const found = COMMANDS.map((command) => ({ command, minor: minorOf(command) })).filter(
    ({ minor }) => minor >= MIN_MINOR,
  );
  const { command } = found.find(({ minor }) => minor <= MAX_MINOR) ?? found[0] ?? {};
  if (command === undefined) {
    throw new SetupError(
      `Python 3.${MIN_MINOR} or newer is missing: install it (python.org, or your package manager).`,
    );
  }
  if (outputOf(command, ["-c", "import venv, ensurepip"]) === undefined) {
    throw new SetupError(
      `${command} lacks the modules venv and ensurepip: install them (Debian, Ubuntu: apt install python3-venv).`,
    );
  }
  return command;
}

/** @param {string} line */
function pipProgress(line) {
  // These lines show the machine's settings, such as another index, and which file a package comes from.
  if (/^(Looking in|Using cached|WARNING: Location)/.test(line)) return undefined;
  return line.replace(/^Installing collected packages: .*/, "unpacking the packages");
}

/**
 * @param {string} part
 * @param {string[]} what arguments of `pip install`
 */
export function pipInstall(part, ...what) {
  const cache = `--cache-dir=${packageCache("pip", process.env.PIP_CACHE_DIR)}`;
  // Python compiles what it imports; compiling everything here would take longer than the download.
  const options = ["--no-compile", "--disable-pip-version-check", "--progress-bar=off", cache];
  const args = ["-m", "pip", "install", ...options, ...what];
  return runCommand(part, "pip", VENV_PYTHON, args, { root: ROOT, progress: pipProgress });
}

/**
 * Runs Python code once, so that its imports are left compiled next to the packages.
 * @param {string} part
 * @param {string} code
 */
export function compileImports(part, code) {
  // Matplotlib takes seconds to list the machine's fonts in its folder, so jobs get the same folder.
  const env = { PYTHONDONTWRITEBYTECODE: "", MPLCONFIGDIR: path.join(CACHE, "matplotlib") };
  return runCommand(part, "Python", VENV_PYTHON, ["-c", code], { root: ROOT, env });
}

async function makeEnvironment() {
  const command = findPython();
  // An interrupted environment would stay half made. This doesn't use --clear, which would empty the target of a link.
  rmSync(VENV, { recursive: true, force: true });
  const options = { root: ROOT };
  // Two separate commands, because venv doesn't show why the installation of pip failed.
  await runCommand("python packages", "Python", command, ["-m", "venv", "--without-pip", VENV], options);
  await runCommand("python packages", "Python", VENV_PYTHON, ["-m", "ensurepip", "--default-pip"], options);
  await pipInstall("python packages", "--require-hashes", "--requirement", lock);
  const sitePackages = outputOf(VENV_PYTHON, [
    "-c",
    "import sysconfig; print(sysconfig.get_path('purelib'))",
  ]);
  if (sitePackages === undefined)
    throw new SetupError(`${VENV_PYTHON} doesn't run: remove ${VENV}, then run this again`);
  const importable = ["batch-jobs", path.join("batch-jobs", "sdk")].map((folder) => path.join(ROOT, folder));
  writeFileSync(path.join(sitePackages, "millrace.pth"), `${importable.join("\n")}\n`);
}

/** @type {import("./project.mjs").Part} */
export const pythonPackages = {
  name: "python packages",
  stamp: path.join(VENV, ".millrace-setup"),
  // The folder is part of the stamp: an environment that was moved or copied with its project doesn't work.
  wanted: () => hashOf(readFileSync(lock), VENV),
  program: VENV_PYTHON,
  make: makeEnvironment,
  check: findPython,
};
