// Sets the project up after a bare clone. If everything is in place, it prints nothing and needs no network.
import { accessSync, constants, mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { errorCode } from "../process/error-code.mjs";
import { withLock } from "../process/lock.mjs";
import { EXIT_CODES, onStopRequest } from "../process/stop-requests.mjs";
import { stopCommands } from "./install.mjs";
import { nodePackages } from "./node-packages.mjs";
import { CACHE, isMade, ROOT, TEMPORARY } from "./project.mjs";
import { pythonPackages } from "./python-packages.mjs";
import { SetupError } from "./setup-error.mjs";
import { torch } from "./torch.mjs";

/** @typedef {import("./project.mjs").Part} Part */

const MIN_NODE = 20;

/** Disk space for the packages with the caches of npm and pip, rounded down. */
const BYTES_NEEDED = 1_500_000_000;

function checkMachine() {
  if (Number(process.versions.node.split(".")[0]) < MIN_NODE) {
    throw new SetupError(
      `Node ${process.versions.node} is too old: install Node ${MIN_NODE} or newer (nodejs.org).`,
    );
  }
  try {
    accessSync(ROOT, constants.W_OK);
  } catch (error) {
    throw new SetupError(
      `${ROOT} can't be written (${errorCode(error)}): make it writable, or clone to another folder.`,
    );
  }
}

function checkSpace() {
  const { bavail, bsize } = statfsSync(ROOT);
  const free = bavail * bsize;
  if (free >= BYTES_NEEDED) return;
  const inGB = (/** @type {number} */ bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new SetupError(
    `the disk of ${ROOT} has ${inGB(free)} free, and the packages need ${inGB(BYTES_NEEDED)}: free some space.`,
  );
}

/** @param {Part} part */
async function make(part) {
  const started = performance.now();
  console.log(`setup: ${part.name} …`);
  rmSync(part.stamp, { force: true });
  await part.make();
  writeFileSync(part.stamp, `${part.wanted()}\n`);
  console.log(`setup: ${part.name} done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/**
 * Makes the missing parts, concurrently unless one part needs another.
 * @param {Part[]} parts
 * @returns {Promise<string[]>} why some could not be made
 */
async function makeMissing(parts) {
  /** @type {Map<Part | undefined, Promise<void>>} */
  const making = new Map();
  // Checked again: this set-up may have waited for another one, which may have made everything.
  for (const part of parts.filter((each) => !isMade(each))) {
    const before = making.get(part.after) ?? Promise.resolve();
    making.set(
      part,
      before.then(() => make(part)),
    );
  }
  const results = await Promise.allSettled(making.values());
  // A part that waits for another part fails for the same reason.
  const failures = results.flatMap((result) => (result.status === "rejected" ? [textOf(result.reason)] : []));
  return [...new Set(failures)];
}

/**
 * Empties the folder for temporary files before and after, because an earlier set-up may have been killed.
 * @template T
 * @param {() => Promise<T>} work
 */
async function withTemporary(work) {
  const empty = () => rmSync(TEMPORARY, { recursive: true, force: true });
  empty();
  mkdirSync(TEMPORARY, { recursive: true });
  try {
    return await work();
  } finally {
    empty();
  }
}

/** @param {unknown} error */
function textOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Installs what is missing.
 * @param {{ torch: boolean }} options `torch`: also what the jobs of poem_model need
 * @returns {Promise<number>} exit code: 0 if all is in place, 1 if something is missing, 128 and more if it was stopped
 */
export async function setUp({ torch: withTorch }) {
  const parts = [nodePackages, pythonPackages, ...(withTorch ? [torch] : [])];
  const waits = new AbortController();
  let stopCode = 0;
  try {
    checkMachine();
    const missing = parts.filter((part) => !isMade(part));
    if (missing.length === 0) return 0;
    checkSpace();
    for (const part of missing) part.check();
    onStopRequest((signal) => {
      stopCode = EXIT_CODES[signal];
      waits.abort();
      void stopCommands();
    });
    mkdirSync(CACHE, { recursive: true });
    const failures = await withLock(
      path.join(CACHE, "setup.lock"),
      () => withTemporary(() => makeMissing(parts)),
      {
        signal: waits.signal,
        waiting: (holder) =>
          console.log(`setup: waiting for another set-up (${holder}; delete that file if there is none)`),
      },
    );
    if (stopCode !== 0)
      console.error("setup: stopped; what was being installed is installed afresh the next time");
    else for (const failure of failures) console.error(`setup: ${failure}`);
    return stopCode !== 0 ? stopCode : failures.length === 0 ? 0 : 1;
  } catch (error) {
    if (stopCode !== 0) return stopCode;
    console.error(`setup: ${textOf(error)}`);
    return 1;
  }
}
