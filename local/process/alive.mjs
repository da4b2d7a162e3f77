// Which processes are alive. Plain JavaScript, because the set-up needs it on Node 20, before any packages exist.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/**
 * One process, and not another that has its pid later.
 * @typedef {{ pid: number, started: string }} ProcessReference
 */

/**
 * The command line of a live process, or undefined if there is none. A zombie counts as gone: it runs nothing, and
 * in a container whose first process doesn't reap, it would stay forever.
 * @param {number} pid
 * @returns {string | undefined}
 */
export function commandLineOf(pid) {
  if (process.platform === "linux") {
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      return text === "" ? undefined : text;
    } catch {
      return undefined;
    }
  }
  return withoutZombie(ps(pid, "command"));
}

/**
 * Whether the process still runs and is the right one: its command line holds the marker (a path of ours). A bare pid
 * isn't enough, because a recorded pid may belong to another program after a restart of the machine.
 * @param {number} pid
 * @param {string} marker
 */
export function isRunning(pid, marker) {
  return commandLineOf(pid)?.includes(marker) === true;
}

/**
 * A reference to a live process, or undefined if there is none. Its start distinguishes it from a later process with
 * the same pid: low pids are reused whenever a container restarts.
 * @param {number} pid
 * @returns {ProcessReference | undefined}
 */
export function referenceTo(pid) {
  const started = process.platform === "linux" ? startOnLinux(pid) : withoutZombie(ps(pid, "lstart"));
  return started === undefined ? undefined : { pid, started };
}

/**
 * Whether a recorded process is still running.
 * @param {ProcessReference} reference
 */
export function stillRuns({ pid, started }) {
  return referenceTo(pid)?.started === started;
}

/**
 * The id of the boot, and the clock ticks from the boot to the start of the process.
 * @param {number} pid
 * @returns {string | undefined}
 */
function startOnLinux(pid) {
  const fields = statFields(pid);
  if (fields === undefined || fields[0] === "Z") return undefined;
  // Field 22 of /proc/PID/stat; this list begins with the third field.
  const ticks = fields[19] ?? "";
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${ticks}`;
  } catch {
    return ticks;
  }
}

/**
 * The fields of /proc/PID/stat from the third on: state, parent, process group and so on.
 * @param {number} pid
 * @returns {string[] | undefined} undefined if there is no such process
 */
function statFields(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the name in parentheses, may hold spaces and parentheses: cut after the last parenthesis.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/**
 * What `ps` reports about one process: its state, then the requested column.
 * @param {number} pid
 * @param {"command" | "lstart" | "pgid"} column
 */
function ps(pid, column) {
  try {
    const columns = ["-o", "stat=", "-o", `${column}=`];
    return execFileSync("ps", [...columns, "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}

/** @param {string} line */
function withoutZombie(line) {
  const [, state = "", text] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
  return text === undefined || state.startsWith("Z") ? undefined : text;
}

/**
 * Pids of the live processes whose command line holds the marker (a path of ours), except this one.
 * @param {string} marker
 * @returns {number[]}
 */
export function processesWith(marker) {
  return allPids().filter((pid) => pid !== process.pid && isRunning(pid, marker));
}

function allPids() {
  const names =
    process.platform === "linux"
      ? readdirSync("/proc")
      : execFileSync("ps", ["-A", "-o", "pid="], { encoding: "utf8" }).split(/\s+/);
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/**
 * Pids of the live members of a process group, without zombies.
 * @param {number} group
 * @returns {number[]}
 */
export function groupMembers(group) {
  return allPids().filter((pid) => groupOf(pid) === group);
}

/**
 * @param {number} pid
 * @returns {number | undefined} undefined for a zombie, and if there is no such process
 */
function groupOf(pid) {
  if (process.platform === "linux") {
    const [state, , group] = statFields(pid) ?? ["Z"];
    return state === "Z" ? undefined : Number(group);
  }
  const group = withoutZombie(ps(pid, "pgid"));
  return group === undefined ? undefined : Number(group);
}
