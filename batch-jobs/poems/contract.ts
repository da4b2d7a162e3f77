import * as z from "zod";
import { artifact, defineJob } from "../../shared/pipeline/index.ts";

const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** The source of a zip: an HTTPS address, or the `owner/name` of a data set on Kaggle. */
export const poemSource = z.union([
  z.strictObject({
    url: z.string().regex(/^https:\/\/[^/\s]+\/\S*$/, "is no HTTPS address"),
    sha256: sha256.optional().describe("what the zip must have"),
  }),
  z.strictObject({
    dataset: z.string().regex(/^[A-Za-z0-9_-]+\/[A-Za-z0-9_-]+$/, "is not of the form owner/name"),
    version: z.int().positive().optional().describe("the newest one when left out"),
    sha256: sha256.optional().describe("what the zip must have"),
  }),
]);

/** Upper limits for an archive. An archive beyond one of them is refused before anything is written. */
export const archiveLimits = z.strictObject({
  maxArchiveBytes: z.int().positive().default(4_000_000_000),
  maxFiles: z.int().positive().max(1_000_000).default(200_000).describe("entries, folders included"),
  maxFileBytes: z.int().positive().max(100_000_000).default(10_000_000).describe("of one file, unpacked"),
  maxTotalBytes: z.int().positive().default(4_000_000_000).describe("of all files, unpacked"),
  maxRatio: z.number().positive().default(100).describe("unpacked to packed, of one file"),
});

/** Jobs of the poems family, which fills a data lake with poems. The Python files in this folder implement them. */
export const poems = {
  /** Downloads a zip from an HTTPS address or from Kaggle. After a broken connection, it resumes. */
  fetch: defineJob("poems.fetch", {
    input: z.object({
      source: poemSource,
      maxBytes: z.int().positive().default(4_000_000_000),
    }),
    output: z.object({
      archive: artifact,
      from: z.string().describe("the address that answered, without its query"),
      requests: count.describe("redirects and resumed ones included"),
    }),
    resources: { vcpus: 1, memory: [1024, 2048], timeoutSeconds: 7200 },
  }),

  /**
   * Unpacks a zip into the lake: one file for each poem, in a folder for each form. Writes the catalogue and the
   * manifest last.
   */
  unzip: defineJob("poems.unzip", {
    input: z.object({
      archive: z.object({
        uri: z.string().min(1),
        versionId: z.string().optional(),
        sha256: sha256.optional(),
      }),
      folder: z.string().default("").describe("of the archive; what lies elsewhere in it is left out"),
      limits: archiveLimits.prefault({}),
    }),
    output: z.object({
      lake: z.string().describe("prefix of the poems: what is below is complete, and stays as it is"),
      manifest: artifact,
      sha256: sha256.describe("of the archive"),
      files: count,
      bytes: count,
      forms: z.array(z.object({ form: z.string(), files: count, bytes: count })).min(1),
      skipped: z.array(z.object({ reason: z.string(), files: count })),
      written: count.describe("poems that were not in the lake before"),
      report: artifact,
    }),
    resources: { vcpus: 1, memory: [1024, 2048, 4096], timeoutSeconds: 7200 },
  }),
};
