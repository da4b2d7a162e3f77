import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { endProcess } from "./attempt-process.ts";

const GRACE_MS = 1000;

/** Ends the job processes that a killed server left running. Returns when none is left. */
export async function endOrphanedAttempts(batchStateDir: string): Promise<void> {
  const attempts = path.join(batchStateDir, "attempts");
  if (!existsSync(attempts)) return;
  await Promise.all(readdirSync(attempts).map((taskId) => endProcess(path.join(attempts, taskId), GRACE_MS)));
}
