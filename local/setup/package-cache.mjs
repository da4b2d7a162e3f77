import { homedir } from "node:os";
import path from "node:path";
import { CACHE } from "./project.mjs";

/**
 * Folder in which npm or pip keep their downloads: inside the project, because nothing is written outside of it, or
 * the one that the user chose.
 * @param {"npm" | "pip"} tool
 * @param {string | undefined} chosen what the environment says
 * @param {string} [defaultFolder] the tool's default, below the home folder: npm puts it into the environment of its scripts
 */
export function packageCache(tool, chosen, defaultFolder) {
  const isChosen =
    chosen !== undefined && (defaultFolder === undefined || chosen !== path.join(homedir(), defaultFolder));
  return isChosen ? chosen : path.join(CACHE, tool);
}
