// A lock file: only one process at a time does work that must not be done concurrently.
import { mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { referenceTo, stillRuns } from "./alive.mjs";
import { errorCode } from "./error-code.mjs";

/** @typedef {import("./alive.mjs").ProcessReference} ProcessReference */

const POLL_MS = 50;

/** How long a lock without a readable holder is valid: a holder writes its name right after it created the file. */
const UNWRITTEN_MS = 2000;

/**
 * The process that a lock file names; undefined if it names none.
 * @param {string} file
 * @returns {ProcessReference | undefined}
 */
function holderIn(file) {
  try {
    const { pid, started } = JSON.parse(readFileSync(file, "utf8"));
    return typeof pid === "number" && typeof started === "string" ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Milliseconds since a file or folder was created or changed; 0 if it is gone.
 * @param {string} file
 */
function ageOf(file) {
  return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}

/** @param {string} file */
function isStale(file) {
  const holder = holderIn(file);
  return holder === undefined ? ageOf(file) > UNWRITTEN_MS : !stillRuns(holder);
}

/**
 * Removes a lock whose holder has died. Only one process at a time may look and remove: otherwise a second one removes
 * the lock that the first has taken meanwhile.
 * @param {string} file
 */
function removeStale(file) {
  const removing = `${file}.removing`;
  try {
    mkdirSync(removing);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    // The process that created it died before it removed it again.
    if (ageOf(removing) > UNWRITTEN_MS) rmSync(removing, { recursive: true, force: true });
    return;
  }
  try {
    if (isStale(file)) rmSync(file, { force: true });
  } finally {
    rmdirSync(removing);
  }
}

/**
 * Takes the lock if it is free.
 * @param {string} file
 */
function acquiredLock(file) {
  try {
    writeFileSync(file, "", { flag: "wx" });
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
  try {
    writeFileSync(file, JSON.stringify(referenceTo(process.pid)));
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
  return true;
}

/**
 * Runs `work` while no other process holds the lock file. A lock whose holder died is taken over.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {{ waiting?: (holder: string) => void, signal?: AbortSignal }} [options] `waiting` is called once if the lock
 *   is taken, with a text that names its holder and the file to delete if there is none; `signal` ends the wait
 * @returns {Promise<T>}
 */
export async function withLock(file, work, { waiting, signal } = {}) {
  mkdirSync(path.dirname(file), { recursive: true });
  let waits = false;
  while (!acquiredLock(file)) {
    if (isStale(file)) removeStale(file);
    else {
      if (!waits) waiting?.(`process ${holderIn(file)?.pid ?? "unknown"} holds ${file}`);
      waits = true;
      await delay(POLL_MS, undefined, { signal });
    }
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
