// What the jobs of poem_model need: hundreds of megabytes, which only its tests and benchmarks use.
import { readFileSync } from "node:fs";
import path from "node:path";
import { hashOf, ROOT, VENV, VENV_PYTHON } from "./project.mjs";
import { compileImports, pipInstall, pythonPackages } from "./python-packages.mjs";
import { SetupError } from "./setup-error.mjs";

const poemModel = path.join(ROOT, "batch-jobs", "poem_model");
const lock = path.join(poemModel, "requirements-without-torch.lock");

function torchVersion() {
  const whole = readFileSync(path.join(poemModel, "requirements.lock"), "utf8");
  const [, version] = /^torch==([^\s\\]+)/m.exec(whole) ?? [];
  if (version === undefined)
    throw new SetupError("batch-jobs/poem_model/requirements.lock names no torch: lock it again.");
  return version;
}

/**
 * Installs everything except torch by hash. pip's own settings decide which build of torch it takes, and each build
 * has another hash.
 */
async function installTorch() {
  await pipInstall("torch", "--require-hashes", "--requirement", lock);
  const wanted = `torch==${torchVersion()}`;
  try {
    await pipInstall("torch", wanted);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    const why = error.message.split("\n").at(-1);
    throw new SetupError(`${wanted} can't be had (${why}): see batch-jobs/README.md, "Torch".`, {
      cause: error,
    });
  }
  // Otherwise each job takes seconds, if Python may not store compiled files.
  await compileImports("torch", "import torch, transformers.models.gpt2.modeling_gpt2, matplotlib.figure");
}

/** @type {import("./project.mjs").Part} */
export const torch = {
  name: "torch",
  stamp: path.join(VENV, ".millrace-torch"),
  // A change of the other lock recreates the environment of torch, so that lock is part of this stamp.
  wanted: () => hashOf(pythonPackages.wanted(), readFileSync(lock), torchVersion()),
  program: VENV_PYTHON,
  make: installTorch,
  check: pythonPackages.check,
  after: pythonPackages,
};
