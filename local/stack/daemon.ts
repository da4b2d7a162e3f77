import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { endGroup } from "../process/end.mjs";
import { keeperArguments } from "../process/tied.mjs";

const HEALTH_POLL_MS = 15;
const HEALTH_TIMEOUT_MS = 30_000;
const LOG_LINES_SHOWN = 15;

export type Daemon = { pid: number; exited: () => boolean };

export type DaemonOptions = {
  cwd: string;
  env: Record<string, string>;
  logFile: string;
  /**
   * Ends the program when this process is gone, even by SIGKILL: the program's standard input closes then. `itself`:
   * the program watches that; `kept`: a keeper process does, and sends SIGKILL.
   */
  tied?: "itself" | "kept" | undefined;
};

/** Starts a program in its own process group and sends its output to a file. */
export function startDaemon(command: string, args: string[], options: DaemonOptions): Daemon {
  const log = openSync(options.logFile, "a");
  const kept = options.tied === "kept";
  const [program, programArgs] = kept ? [process.execPath, keeperArguments(command, args)] : [command, args];
  const child = spawn(program, programArgs, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: [options.tied === undefined ? "ignore" : "pipe", log, log],
  });
  closeSync(log);
  // Otherwise the open pipe keeps this process alive, and fails when the program has ended.
  child.stdin?.on("error", () => undefined);
  if (child.stdin instanceof Socket) child.stdin.unref();
  let exited = false;
  child.once("exit", () => {
    exited = true;
  });
  child.once("error", () => {
    exited = true;
  });
  child.unref();
  if (child.pid === undefined)
    throw new MillraceError("LOCAL_STACK_FAILED", `${command} cannot be started`, {
      remedy: "Run `npm run setup`.",
    });
  return { pid: child.pid, exited: () => exited };
}

/** The last lines of a log, for an error message. */
export function lastLines(file: string): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-LOG_LINES_SHOWN).join("\n");
  } catch {
    return "";
  }
}

/**
 * Waits until a URL answers with 200. Ends a process that doesn't get there.
 * @throws {MillraceError} with the end of the log, if the process ends before that or takes longer than `timeoutMs`
 */
export async function healthy(
  url: string,
  daemon: Daemon,
  name: string,
  logFile: string,
  timeoutMs: number = HEALTH_TIMEOUT_MS,
): Promise<void> {
  try {
    await answers(url, daemon, name, logFile, timeoutMs);
  } catch (error) {
    await endGroup(daemon.pid, 0);
    throw error;
  }
}

async function answers(
  url: string,
  daemon: Daemon,
  name: string,
  logFile: string,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
      await response.arrayBuffer();
      if (response.ok) return;
    } catch {
      // It isn't listening yet.
    }
    if (daemon.exited())
      throw new MillraceError("LOCAL_STACK_FAILED", `${name} ended while starting:\n${lastLines(logFile)}`);
    if (Date.now() > deadline)
      throw new MillraceError("LOCAL_STACK_FAILED", `${name} did not become ready; its log is ${logFile}`);
    await delay(HEALTH_POLL_MS);
  }
}
