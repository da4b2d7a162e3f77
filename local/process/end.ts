import { setTimeout as delay } from "node:timers/promises";
import { groupMembers } from "./alive.ts";

/** Sends a signal to every process of a group; does nothing when the group is gone. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Waits until no live process is left in the group; returns false when some are left after `timeoutMs`. */
export async function groupGone(group: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (groupMembers(group).length > 0) {
    if (Date.now() >= deadline) return false;
    await delay(10);
  }
  return true;
}

/** SIGTERM to the whole group, SIGKILL after the grace. Returns when nothing of it is left. */
export async function endGroup(group: number, graceMs: number): Promise<void> {
  signalGroup(group, "SIGTERM");
  if (await groupGone(group, graceMs)) return;
  signalGroup(group, "SIGKILL");
  await groupGone(group, 10_000);
}
