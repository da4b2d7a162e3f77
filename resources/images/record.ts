import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";

/**
 * What `npm run images` found or built for a stage. It can be recreated from the registry at any time, so it is never
 * committed.
 */
const imageRecord = z.strictObject({
  account: z.string().regex(/^\d{12}$/),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/),
  families: z.record(
    z.string(),
    z.strictObject({ contentHash: z.string(), digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) }),
  ),
});
export type ImageRecord = z.infer<typeof imageRecord>;

/** Path of a stage's record. */
export function recordPath(root: string, stage: string): string {
  return join(root, ".cache", "images", `${stage}.json`);
}

/** A stage's record; undefined before the stage's first `npm run images`. */
export function readRecord(root: string, stage: string): ImageRecord | undefined {
  let text: string;
  try {
    text = readFileSync(recordPath(root, stage), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  return imageRecord.parse(JSON.parse(text));
}

/** Replaces a stage's record. */
export function writeRecord(root: string, stage: string, record: ImageRecord): void {
  const path = recordPath(root, stage);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(imageRecord.parse(record), null, 2)}\n`);
}
