import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isRunning } from "../process/alive.mjs";
import { endGroup, signalGroup } from "../process/end.mjs";

/**
 * Leaves the exit code in a file, so that it survives if the server is killed meanwhile. The trap keeps the shell alive
 * through the SIGTERM that its whole group gets; the loop waits again if the trap interrupted `wait`.
 */
const WRAPPER = [
  'dir=$1; shift; echo $$ > "$dir/pid"; trap : TERM; "$@" & child=$!',
  'while :; do wait "$child"; code=$?; kill -0 "$child" 2>/dev/null || break; done',
  'echo "$code" > "$dir/exit"',
].join("\n");

const ADOPTED_POLL_MS = 50;
const UNSTARTED_TIMEOUT_MS = 1000;

/**
 * How an attempt's process ended. `lost`: it died without an exit code, as if its machine had gone. `unstarted`: the
 * server was killed before it started the process.
 */
export type ProcessEnd = { exitCode: number } | "lost" | "unstarted";

export type AttemptCommand = {
  directory: string;
  command: string[];
  environment: Record<string, string>;
  workingDirectory: string;
};

/** Pids of the processes that this server itself started, by folder: known before the wrapper has written its file. */
const startedHere = new Map<string, number>();

function numberIn(file: string): number | undefined {
  try {
    const text = readFileSync(file, "utf8").trim();
    return /^\d+$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

/** File with the attempt's whole output. */
export function logFile(directory: string): string {
  return path.join(directory, "log");
}

/**
 * Starts a command in its own process group and sends its output to {@link logFile}.
 * @param ended called once, after the process has ended
 * @throws if the process can't be started at all, for example because memory is short
 */
export function startProcess(attempt: AttemptCommand, ended: (end: ProcessEnd) => void): void {
  const { directory } = attempt;
  mkdirSync(directory, { recursive: true });
  const log = openSync(logFile(directory), "a");
  try {
    const child = spawn("/bin/sh", ["-c", WRAPPER, "millrace-job", directory, ...attempt.command], {
      cwd: attempt.workingDirectory,
      env: attempt.environment,
      detached: true,
      stdio: ["ignore", log, log],
    });
    const { pid } = child;
    if (pid !== undefined) startedHere.set(directory, pid);
    child.once("error", () => ended({ exitCode: 127 }));
    child.once("exit", () => {
      // A container ends as a whole: processes that the command left running end with it.
      if (pid !== undefined) signalGroup(pid, "SIGKILL");
      startedHere.delete(directory);
      ended({ exitCode: numberIn(path.join(directory, "exit")) ?? 137 });
    });
    child.unref();
  } finally {
    closeSync(log);
  }
}

function runningPid(directory: string): number | undefined {
  const pid = startedHere.get(directory) ?? numberIn(path.join(directory, "pid"));
  return pid !== undefined && isRunning(pid, directory) ? pid : undefined;
}

/**
 * Watches a process that an earlier server started, or was about to start.
 * @param started called if it turns out that the process was started
 */
export async function adoptProcess(
  directory: string,
  signal: AbortSignal,
  started: () => void,
): Promise<ProcessEnd> {
  const pidFile = path.join(directory, "pid");
  // That server may have started it in its very last moment, and the process may be about to write its pid.
  const deadline = Date.now() + UNSTARTED_TIMEOUT_MS;
  while (numberIn(pidFile) === undefined) {
    if (Date.now() > deadline) return "unstarted";
    await delay(ADOPTED_POLL_MS, undefined, { signal });
  }
  started();
  while (runningPid(directory) !== undefined) await delay(ADOPTED_POLL_MS, undefined, { signal });
  const exitCode = numberIn(path.join(directory, "exit"));
  return exitCode === undefined ? "lost" : { exitCode };
}

/** Sends SIGTERM, then SIGKILL after the grace period. Returns when no process of the attempt is left. */
export async function endProcess(directory: string, graceMs: number): Promise<void> {
  const pid = runningPid(directory);
  if (pid !== undefined) await endGroup(pid, graceMs);
}

/** Sends SIGKILL without a grace period, as if the machine went away. */
export function killProcess(directory: string): void {
  const pid = runningPid(directory);
  if (pid !== undefined) signalGroup(pid, "SIGKILL");
}
