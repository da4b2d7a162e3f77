// Starts programs that end with this process, however it ends.
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { endGroup } from "./end.mjs";

const keeper = path.join(path.dirname(fileURLToPath(import.meta.url)), "tied-keeper.mjs");

/** Milliseconds that a program gets between SIGTERM and SIGKILL. */
const GRACE_MS = 5000;

/**
 * @typedef {{ code: number, signal: NodeJS.Signals | null }} Ended exit code, and the signal that ended it if one did
 * @typedef {{ child: import("node:child_process").ChildProcess, ended: Promise<Ended>, end: () => Promise<void> }} Tied
 */

/**
 * The arguments of Node that run a program together with a keeper process. The keeper ends both when its standard input
 * closes.
 * @param {string} command
 * @param {string[]} args
 */
export function keeperArguments(command, args) {
  return [keeper, command, ...args];
}

/**
 * Starts a program in its own process group. If this process dies, even by SIGKILL, the group ends at once: a
 * keeper process sees that its standard input closes.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, stdout: "pipe" | "inherit" | "ignore" | number,
 *   stderr: "pipe" | "inherit" | "ignore" | number }} options
 * @returns {Tied} `ended` resolves when all of its output has been read, and rejects if it can't be started; `end` ends
 *   it by SIGTERM, then SIGKILL, and returns when nothing of it is left
 */
export function startTied(command, args, { cwd, env = process.env, stdout, stderr }) {
  const child = spawn(process.execPath, keeperArguments(command, args), {
    cwd,
    env,
    detached: true,
    stdio: ["pipe", stdout, stderr],
  });
  // The keeper may have ended already.
  child.stdin?.on("error", () => undefined);
  /** @type {Promise<Ended>} */
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code: code ?? 1, signal }));
  });
  const end = async () => {
    if (child.pid !== undefined) await endGroup(child.pid, GRACE_MS);
  };
  return { child, ended, end };
}
