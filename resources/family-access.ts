import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { errorOf } from "../shared/pipeline/millrace-error.ts";
import { batchJobsFolder } from "./images/family.ts";

/** The contents of a family's `access.json`. A family without that file uses only runs, raw data and models. */
const familyAccess = z.strictObject({
  /** Whether its jobs keep data for others under `lake/{family}/`. */
  lake: z.boolean().default(false),
  /**
   * Families whose lakes its jobs read. The jobs find objects by name in those families' manifests and list nothing.
   */
  readsLakesOf: z.array(z.string()).default([]),
  /** Names of the stage's secrets that its jobs read: parameters `/{service}/{stage}/{name}`. */
  secrets: z.array(z.string().regex(/^[a-z][a-z0-9-]*$/)).default([]),
});

/** The permissions of a family's jobs beyond those of all jobs. */
export type FamilyAccess = z.infer<typeof familyAccess>;

/** A family's `access.json` is wrong. */
export class FamilyAccessError extends errorOf("FAMILY_ACCESS") {}

/**
 * The permissions of a family's jobs beyond those of all jobs.
 *
 * @param root of the repository
 * @throws FamilyAccessError for an `access.json` with other contents, or one that names a lake that no family keeps
 */
export function readFamilyAccess(root: string, family: string): FamilyAccess {
  const access = accessIn(root, family);
  const missing = access.readsLakesOf.filter((other) => !accessIn(root, other).lake);
  if (missing.length === 0) return access;
  throw new FamilyAccessError(
    `${join(batchJobsFolder, family, "access.json")}: readsLakesOf names ${missing.join(", ")}, whose access.json does not set lake`,
  );
}

function accessIn(root: string, family: string): FamilyAccess {
  const file = join(batchJobsFolder, family, "access.json");
  if (!existsSync(join(root, file))) return familyAccess.parse({});
  const parsed = familyAccess.safeParse(jsonIn(join(root, file), file));
  if (parsed.success) return parsed.data;
  throw new FamilyAccessError(`${file}: ${z.prettifyError(parsed.error)}`);
}

function jsonIn(path: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new FamilyAccessError(`${file} is not JSON: ${String(error)}`);
  }
}
