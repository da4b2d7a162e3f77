import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/**
 * The command line of a live process, or undefined when there is none. A zombie counts as gone: nothing of it runs,
 * and in a container whose first process doesn't reap, it would stay for ever.
 */
export function commandLineOf(pid: number): string | undefined {
  if (process.platform === "linux") {
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      return text === "" ? undefined : text;
    } catch {
      return undefined;
    }
  }
  try {
    const text = execFileSync("ps", ["-o", "stat=,command=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return text === "" || text.startsWith("Z") ? undefined : text;
  } catch {
    return undefined;
  }
}

/**
 * Whether the process still runs and is the one meant: its command line holds the marker (a path of ours). A bare pid
 * isn't enough, because a recorded pid may belong to another program after a restart of the machine.
 */
export function isRunning(pid: number, marker: string): boolean {
  return commandLineOf(pid)?.includes(marker) === true;
}

/** Pids of the live, not zombie, members of a process group. */
export function groupMembers(group: number): number[] {
  if (process.platform !== "linux") {
    const table = execFileSync("ps", ["-A", "-o", "pid=,pgid=,stat="], { encoding: "utf8" });
    return table
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, pgid, state]) => Number(pgid) === group && state?.startsWith("Z") === false)
      .map(([pid]) => Number(pid));
  }
  const members: number[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      // pid (comm) state ppid pgrp …; comm may hold spaces and parentheses, so cut after the last one.
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const [state, , pgrp] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state !== "Z" && Number(pgrp) === group) members.push(Number(entry));
    } catch {
      // Ended while we looked.
    }
  }
  return members;
}
