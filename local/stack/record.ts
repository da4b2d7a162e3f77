import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { isRunning } from "../process/alive.ts";
import { statePaths } from "./paths.ts";

const recordSchema = z.object({
  version: z.literal(1),
  ports: z.object({ aws: z.int(), batch: z.int() }),
  /** Pids, each also the id of its process group. Absent after a clean stop. */
  pids: z.object({ ministack: z.int(), batch: z.int() }).optional(),
});

/** `stack.json`: the ports that a state folder keeps for good, and the processes while it runs. */
export type StackRecord = z.output<typeof recordSchema>;

/** Reads the record; undefined when there is none, or none that can be read. */
export function readRecord(stateDir: string): StackRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(statePaths(stateDir).record, "utf8")));
  } catch {
    return undefined;
  }
}

export function writeRecord(stateDir: string, record: StackRecord): void {
  writeFileWhole(statePaths(stateDir).record, JSON.stringify(record, null, 2));
}

/** Writes a file so that a reader sees all of it or none. */
export function writeFileWhole(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${text}\n`);
  renameSync(`${file}.new`, file);
}

/** The recorded processes that still run. A pid that meanwhile belongs to another program doesn't count. */
export function runningPids(stateDir: string, record: StackRecord | undefined): number[] {
  const { ministack, batch } = record?.pids ?? {};
  return [ministack, batch].filter((pid) => pid !== undefined).filter((pid) => isRunning(pid, stateDir));
}
