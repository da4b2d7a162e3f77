// Runs npm, pip and Python, quietly except for an occasional line of progress.
import { spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { programEnvironment } from "../process/program-environment.mjs";
import { startTied } from "../process/tied.mjs";
import { failureText, throughProxy } from "./failure.mjs";
import { TEMPORARY } from "./project.mjs";
import { SetupError } from "./setup-error.mjs";

const PROGRESS_EVERY_MS = 8000;
const PROGRESS_LENGTH = 90;
const OUTPUT_KEPT = 100_000;

/**
 * A command's output, trimmed; undefined if it can't be run or fails.
 * @param {string} command
 * @param {string[]} args
 */
export function outputOf(command, args) {
  const env = programEnvironment(process.env);
  const result = spawnSync(command, args, { encoding: "utf8", env });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** @type {Set<import("../process/tied.mjs").Tied>} */
const running = new Set();
let stopped = false;

/** Ends the running commands and prevents others from starting. Returns when none is left. */
export async function stopCommands() {
  stopped = true;
  await Promise.all([...running].map(({ end }) => end()));
}

/**
 * Runs a command to its end. Reports its progress every few seconds.
 * @param {string} part what it belongs to, such as `node packages`
 * @param {string} tool what to call it in messages: npm, pip or Python
 * @param {string} command
 * @param {string[]} args
 * @param {{ root: string, env?: NodeJS.ProcessEnv, progress?: (line: string) => string | undefined,
 *   everyMs?: number }} options `progress` reads one line of output and may give a better text for it
 * @returns {Promise<void>}
 * @throws {SetupError} if it fails
 */
export async function runCommand(part, tool, command, args, options) {
  const { root, env, progress = (line) => line, everyMs = PROGRESS_EVERY_MS } = options;
  if (stopped) throw new SetupError("interrupted");
  const tied = startTied(command, args, {
    cwd: root,
    env: { ...programEnvironment(process.env), TMPDIR: TEMPORARY, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  running.add(tied);
  const started = performance.now();
  let output = "";
  let latest = `${tool} has said nothing yet${throughProxy()}`;
  for (const stream of [tied.child.stdout, tied.child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      output = `${output}${line}\n`.slice(-OUTPUT_KEPT);
      const text = line.trim() === "" ? undefined : progress(line.trim());
      if (text !== undefined) latest = text;
    });
  }
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(`setup: ${part} … ${seconds} s: ${latest.slice(0, PROGRESS_LENGTH)}`);
  }, everyMs);
  try {
    const { code } = await tied.ended;
    if (stopped) throw new SetupError("interrupted");
    if (code !== 0) throw new SetupError(failureText(tool, output, root));
  } finally {
    clearInterval(timer);
    running.delete(tied);
  }
}
