// Sets the project up after a bare clone: Node packages and the Python environment. Plain Node without packages, since
// it runs before there are any. Says nothing when all is in place, and then needs no network. With --torch also what the
// jobs of poem_model need, hundreds of megabytes: the tests ask for it.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const LEAST_NODE = 20;
const LEAST_PYTHON = [3, 11];
const LOCK_POLL_MS = 200;

/** @param {string} problem what is missing and how to get it, in one line */
function refuse(problem) {
  console.error(`setup: ${problem}`);
  process.exit(1);
}

/** @param {string} command @param {string[]} args */
function output(command, args) {
  const result = spawnSync(command, args, { encoding: "utf8" });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** @param {string[]} inputs files, or texts, that a part is made from */
function hash(...inputs) {
  return inputs.reduce((sum, input) => sum.update(input).update("\0"), createHash("sha256")).digest("hex");
}

/** @param {string} file */
function readOr(file, otherwise = "") {
  return existsSync(file) ? readFileSync(file, "utf8") : otherwise;
}

function python() {
  const found = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"].find(
    (command) => {
      const version = output(command, ["-c", "import sys; print(*sys.version_info[:2])"]);
      const [major = 0, minor = 0] = (version ?? "").split(" ").map(Number);
      return major === LEAST_PYTHON[0] && minor >= LEAST_PYTHON[1];
    },
  );
  if (found === undefined) {
    refuse(
      `Python ${LEAST_PYTHON.join(".")} or newer is missing: install it (python.org, or your package manager).`,
    );
  }
  if (output(found, ["-c", "import venv, ensurepip"]) === undefined) {
    refuse(
      `${found} lacks the modules venv and ensurepip: install them (Debian, Ubuntu: apt install python3-venv).`,
    );
  }
  return found;
}

/**
 * Runs a command quietly.
 * @throws with its output when it fails
 * @param {string} command @param {string[]} args
 */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        text += chunk;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(undefined);
      else
        reject(
          new Error(
            `${command} ${args.join(" ")} failed:\n${text.trimEnd().split("\n").slice(-25).join("\n")}`,
          ),
        );
    });
  });
}

const nodeLock = path.join(root, "package-lock.json");
const pythonLock = path.join(root, "batch-jobs", "requirements-dev.lock");
const poemModel = path.join(root, "batch-jobs", "poem_model");
const torchLock = path.join(poemModel, "requirements-without-torch.lock");
const venv = path.join(root, ".venv");
const venvPython = path.join(venv, "bin", "python");

const pythonPackages = {
  name: "python packages",
  stamp: path.join(venv, ".millrace-setup"),
  // The folder is part of it: an environment that was moved or copied along with its project doesn't work.
  wanted: () => hash(readFileSync(pythonLock), venv),
  make: makePythonEnvironment,
  check: python,
};

const torch = {
  name: "torch",
  stamp: path.join(venv, ".millrace-torch"),
  // What it is installed into is part of it: that is made anew when the other lock changes.
  wanted: () => hash(readFileSync(pythonLock), readFileSync(torchLock), torchVersion(), venv),
  make: installTorch,
  check: python,
  after: pythonPackages,
};

const parts = [
  {
    name: "node packages",
    stamp: path.join(root, "node_modules", ".millrace-setup"),
    wanted: () => hash(readFileSync(nodeLock)),
    make: () => run("npm", ["ci", "--no-fund", "--no-audit"]),
    check: () => {
      if (output("npm", ["--version"]) === undefined)
        refuse("npm is missing: install Node with npm (nodejs.org).");
    },
  },
  pythonPackages,
  ...(process.argv.includes("--torch") ? [torch] : []),
];

/** @param {string[]} what */
function pipInstall(...what) {
  // Python compiles what it imports; compiling all of it here costs more than the download.
  const options = ["--quiet", "--no-compile", "--disable-pip-version-check"];
  return run(path.join(venv, "bin", "pip"), ["install", ...options, ...what]);
}

async function makePythonEnvironment() {
  const command = python();
  // An interrupted environment would stay half made. Not by --clear, which would empty what a link leads to.
  rmSync(venv, { recursive: true, force: true });
  await run(command, ["-m", "venv", venv]);
  await pipInstall("--require-hashes", "--requirement", pythonLock);
  const sitePackages = output(venvPython, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]);
  const importable = ["batch-jobs", path.join("batch-jobs", "sdk")].map((folder) => path.join(root, folder));
  writeFileSync(path.join(sitePackages, "millrace.pth"), `${importable.join("\n")}\n`);
}

function torchVersion() {
  const [, version] = /^torch==([^\s\\]+)/m.exec(readOr(path.join(poemModel, "requirements.lock"))) ?? [];
  if (version === undefined) refuse("batch-jobs/poem_model/requirements.lock names no torch: lock it again.");
  return version;
}

/** Everything but torch by hash. Which build of torch pip takes is pip's own setting, and each has another hash. */
async function installTorch() {
  await pipInstall("--require-hashes", "--requirement", torchLock);
  const wanted = `torch==${torchVersion()}`;
  try {
    await pipInstall(wanted);
    // Compiles what the jobs import of it, which would else take seconds each time where Python may keep nothing.
    const imports = "torch, transformers.models.gpt2.modeling_gpt2, matplotlib.figure";
    await run(venvPython, ["-c", `import sys; sys.dont_write_bytecode = False; import ${imports}`]);
  } catch (error) {
    const why = error.message.split("\n").at(-1);
    throw new Error(`${wanted} can't be had (${why}): see batch-jobs/README.md, "Torch".`, { cause: error });
  }
}

function missing() {
  return parts.filter((part) => readOr(part.stamp).trim() !== part.wanted());
}

/** @param {number} pid */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

const lock = path.join(root, ".cache", "setup.lock");

/** Waits until no other set-up works here; one that was killed doesn't count. */
async function takeLock() {
  mkdirSync(path.dirname(lock), { recursive: true });
  let told = false;
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = Number(readOr(lock));
    if (holder > 0 && !alive(holder)) {
      rmSync(lock, { force: true });
      continue;
    }
    if (!told) console.log("setup: another set-up is at work, waiting for it");
    told = true;
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
}

/** @param {typeof parts[number]} part */
async function make(part) {
  const started = performance.now();
  console.log(`setup: ${part.name} …`);
  rmSync(part.stamp, { force: true });
  await part.make();
  writeFileSync(part.stamp, `${part.wanted()}\n`);
  console.log(`setup: ${part.name} done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

async function main() {
  if (Number(process.versions.node.split(".")[0]) < LEAST_NODE) {
    refuse(`Node ${process.versions.node} is too old: install Node ${LEAST_NODE} or newer (nodejs.org).`);
  }
  if (missing().length === 0) return;
  for (const part of missing()) part.check();
  await takeLock();
  try {
    // Read again: the set-up that we waited for may have done it all.
    const making = new Map();
    for (const part of missing()) {
      making.set(
        part,
        Promise.resolve(making.get(part.after)).then(() => make(part)),
      );
    }
    const results = await Promise.allSettled(making.values());
    // What waits for another part fails for the same reason.
    for (const message of new Set(results.flatMap(({ reason }) => (reason ? [reason.message] : [])))) {
      console.error(`setup: ${message}`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(lock, { force: true });
  }
}

await main();
