import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { commandLineOf } from "../process/alive.ts";

const POLL_MS = 50;

function holderAlive(file: string): boolean {
  try {
    return commandLineOf(Number(readFileSync(file, "utf8"))) !== undefined;
  } catch {
    // Released, or its pid is being written right now.
    return true;
  }
}

/** Runs `work` while no other process holds the lock file. A lock whose holder died is taken over. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(path.dirname(file), { recursive: true });
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (holderAlive(file)) await delay(POLL_MS);
      else rmSync(file, { force: true });
    }
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
