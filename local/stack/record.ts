import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { isRunning, referenceTo, stillRuns } from "../process/alive.mjs";
import { statePaths } from "./paths.ts";

const recordSchema = z.object({
  version: z.literal(1),
  ports: z.object({ aws: z.int(), batch: z.int() }),
  /** Pids; each is also the id of its process group. Absent after a clean stop. */
  pids: z.object({ ministack: z.int(), batch: z.int() }).optional(),
  /** The process that the stack ends with. Absent if the stack goes on until someone stops it. */
  owner: z.object({ pid: z.int(), started: z.string(), program: z.string() }).optional(),
});

/** `stack.json`: the ports that a state folder keeps permanently, and the processes while it is running. */
export type StackRecord = z.output<typeof recordSchema>;

/** Reads the record; undefined if there is none, or if it can't be read. */
export function readRecord(stateDir: string): StackRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(statePaths(stateDir).record, "utf8")));
  } catch {
    return undefined;
  }
}

export function writeRecord(stateDir: string, record: StackRecord): void {
  writeFileAtomically(statePaths(stateDir).record, JSON.stringify(record, null, 2));
}

/** Writes a file so that a reader sees all of it or none. */
export function writeFileAtomically(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${text}\n`);
  renameSync(`${file}.new`, file);
}

/** Whether the stack should have ended: its owner is gone, and the stack may be ending right now. */
export function isOrphan(record: StackRecord): boolean {
  return record.owner !== undefined && !stillRuns(record.owner);
}

/** This process as the owner of a stack. */
export function ownedByThisProcess(): NonNullable<StackRecord["owner"]> {
  const reference = referenceTo(process.pid);
  if (reference === undefined)
    throw new MillraceError("LOCAL_STACK_FAILED", "this process cannot read its own entry in /proc", {
      remedy: "Mount /proc.",
    });
  const script = process.env.npm_lifecycle_event;
  const program = script === undefined ? path.basename(process.argv[1] ?? "node") : `npm run ${script}`;
  return { ...reference, program };
}

/** The recorded processes that are still running. A pid that now belongs to another program doesn't count. */
export function runningPids(stateDir: string, record: StackRecord | undefined): number[] {
  const { ministack, batch } = record?.pids ?? {};
  return [ministack, batch].filter((pid) => pid !== undefined).filter((pid) => isRunning(pid, stateDir));
}
