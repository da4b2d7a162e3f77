import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { referenceTo, stillRuns } from "../local/process/alive.mjs";
import { CACHE } from "../local/stack/paths.ts";

const recordSchema = z.object({ folder: z.string(), pid: z.int(), started: z.string() });

const records = join(CACHE, "test-runs");

/** Removes what killed test runs left behind. */
function removeLeftOvers(): void {
  for (const name of existsSync(records) ? readdirSync(records) : []) {
    const record = recordSchema.safeParse(JSON.parse(readFileSync(join(records, name), "utf8")));
    if (record.success && stillRuns(record.data)) continue;
    if (record.success) rmSync(record.data.folder, { recursive: true, force: true });
    rmSync(join(records, name));
  }
}

/**
 * A folder for the temporary files of one test run. Its path is short, because programs put sockets there. If this run
 * is killed, the next one removes the folder.
 */
export function temporaryFolder(): { folder: string; remove: () => void } {
  removeLeftOvers();
  const folder = mkdtempSync(join(tmpdir(), "millrace-"));
  const record = join(records, `${process.pid}.json`);
  mkdirSync(records, { recursive: true });
  writeFileSync(record, JSON.stringify({ folder, ...referenceTo(process.pid) }));
  return {
    folder,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
      rmSync(record, { force: true });
    },
  };
}
