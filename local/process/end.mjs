// Ends processes, a whole group at a time.
import { setTimeout as delay } from "node:timers/promises";
import { groupMembers, processesWith } from "./alive.mjs";
import { errorCode } from "./error-code.mjs";

/**
 * Sends a signal to every process of a group; does nothing if the group is gone.
 * @param {number} group
 * @param {NodeJS.Signals} signal
 */
export function signalGroup(group, signal) {
  signalProcess(-group, signal);
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function signalProcess(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}

/**
 * Waits until no live process is left in the group.
 * @param {number} group
 * @param {number} timeoutMs
 * @returns {Promise<boolean>} false if some are left after `timeoutMs`
 */
export async function groupGone(group, timeoutMs) {
  const deadline = Date.now() + timeoutMs;
  while (groupMembers(group).length > 0) {
    if (Date.now() >= deadline) return false;
    await delay(10);
  }
  return true;
}

/**
 * Sends SIGTERM to the whole group, and SIGKILL after the grace period. Returns when no member is left.
 * @param {number} group
 * @param {number} graceMs
 */
export async function endGroup(group, graceMs) {
  signalGroup(group, "SIGTERM");
  if (await groupGone(group, graceMs)) return;
  signalGroup(group, "SIGKILL");
  await groupGone(group, 10_000);
}

/**
 * Waits until no live process has the marker in its command line; sends SIGKILL to those left after `graceMs`.
 * @param {string} marker
 * @param {number} graceMs
 */
export async function endedWith(marker, graceMs) {
  const deadline = Date.now() + graceMs;
  for (;;) {
    const left = processesWith(marker);
    if (left.length === 0) return;
    if (Date.now() > deadline) for (const pid of left) signalProcess(pid, "SIGKILL");
    await delay(50);
  }
}
