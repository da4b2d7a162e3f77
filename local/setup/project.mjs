// The paths that the set-up uses.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Everything that the project caches and can recreate. */
export const CACHE = path.join(ROOT, ".cache");

/** Folder for temporary files while the set-up is working: pip leaves some there if it is stopped. */
export const TEMPORARY = path.join(CACHE, "setup");

/** Programs of the project's packages, among them Node in the Lambda runtime's version. */
export const NODE_BIN = path.join(ROOT, "node_modules", ".bin");

/** Python environment of the local stack, the jobs and the tests. */
export const VENV = path.join(ROOT, ".venv");
export const VENV_PYTHON = path.join(VENV, "bin", "python");

/**
 * Something that the set-up makes.
 * @typedef {object} Part
 * @property {string} name
 * @property {string} stamp file that says what was made
 * @property {() => string} wanted what the stamp says if the part is as it should be
 * @property {string} program a program of the part; if it is missing, the part is made again, whatever the stamp says
 * @property {() => void} check throws a SetupError if something that the part needs is missing
 * @property {() => Promise<void>} make
 * @property {Part} [after] a part that must be there first
 */

/**
 * @param {...(string | Buffer)} inputs what a part is made from
 */
export function hashOf(...inputs) {
  return inputs.reduce((sum, input) => sum.update(input).update("\0"), createHash("sha256")).digest("hex");
}

/** @param {Part} part */
export function isMade({ stamp, wanted, program }) {
  return existsSync(program) && existsSync(stamp) && readFileSync(stamp, "utf8").trim() === wanted();
}
