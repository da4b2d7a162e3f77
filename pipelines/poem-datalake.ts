import * as z from "zod";
import { archiveLimits, poemSource, poems } from "../batch-jobs/poems/contract.ts";
import {
  batch,
  definePipeline,
  FatalError,
  lambda,
  objectCreated,
  type RawObject,
  type StepContext,
} from "../shared/pipeline/index.ts";

/** Where zips of poems are dropped, and how their names end. */
const dropped = { prefix: "raw/zips/", suffix: ".zip" };

/** Where readers of poems find the manifest of the newest lake. */
export const newestLake = "results/poems/lake.json";

type Source = z.infer<typeof poemSource>;
type Asked = {
  archive: { uri: string; versionId?: string | undefined } | null;
  source: Source | null;
};

/** The zip that was dropped, at one version, or the source to fetch one from. */
export async function findArchive(
  { archive, source }: Asked,
  { raw }: StepContext,
): Promise<{ dropped: RawObject | null; sources: Source[] }> {
  if (source !== null) return { dropped: null, sources: [source] };
  const uri = archive?.uri ?? (await newestZip(raw));
  const object = await raw.find(uri);
  if (object === undefined) throw new FatalError(`${uri} does not exist; drop it again, or name another zip`);
  // The run unpacks the version that started it, even if somebody has dropped another zip with that name since.
  const versionId = archive?.versionId ?? object.versionId;
  return { dropped: { ...object, ...(versionId !== undefined && { versionId }) }, sources: [] };
}

async function newestZip(raw: StepContext["raw"]): Promise<string> {
  const zips = (await raw.list(dropped.prefix)).filter(({ key }) => key.endsWith(dropped.suffix));
  const newest = zips.toSorted((a, b) => b.at.localeCompare(a.at))[0];
  if (newest !== undefined) return newest.uri;
  throw new FatalError(
    `there is no ${dropped.suffix} under ${dropped.prefix}; drop one there, or name a source to fetch it from`,
  );
}

type Archive = { uri: string; versionId?: string | undefined; sha256?: string };
type Found = { dropped: Archive | null; fetched: { archive: Archive }[] };

/** This run's archive: exactly one of the two ways to get it was used. */
export function archiveOf({ dropped, fetched }: Found): Archive {
  const found = dropped ?? fetched[0]?.archive;
  if (found === undefined) throw new FatalError("no archive was dropped or fetched");
  const { uri, versionId, sha256 } = found;
  return { uri, ...(versionId !== undefined && { versionId }), ...(sha256 !== undefined && { sha256 }) };
}

/**
 * Unpacks a dropped or fetched zip of poems into a lake: a folder for each form with one file per text, plus a
 * catalogue and a manifest. A lake exists completely or not at all. The manifest of the newest lake is published.
 */
export const poemDatalake = definePipeline(
  {
    name: "poem-datalake",
    params: z
      .strictObject({
        /** A zip under raw/zips/; if neither this nor a source is given, the newest zip there. */
        archive: z
          .strictObject({ uri: z.string().startsWith("s3://"), versionId: z.string().optional() })
          .nullable()
          .default(null),
        /** Where to fetch a zip from. */
        source: poemSource.nullable().default(null),
        /** The archive's folder that contains the forms; the whole archive if empty. */
        folder: z.string().max(500).default(""),
        limits: archiveLimits.prefault({}),
      })
      .refine(({ archive, source }) => archive === null || source === null, {
        path: ["source"],
        error: "a run unpacks one archive: name a source or an archive, not both",
      }),
    triggers: [
      objectCreated({
        ...dropped,
        params: ({ uri, versionId }) => ({ archive: { uri, ...(versionId !== undefined && { versionId }) } }),
      }),
    ],
    // A lake takes much of the space and time of its machine.
    maxActiveRuns: 1,
  },
  ({ params, step, map }) => {
    const { archive, source, folder, limits } = params;
    const found = step("find_archive", lambda({ archive, source }, findArchive));
    const fetched = map(
      "fetch",
      found.sources,
      (source) => batch(poems.fetch, { source, maxBytes: limits.maxArchiveBytes }),
      { retries: { limit: 3, delay: { base: 30, factor: 4, max: 900 } } },
    );
    const chosen = step("choose_archive", lambda({ dropped: found.dropped, fetched }, archiveOf));
    const lake = step("unzip", batch(poems.unzip, { archive: chosen, folder, limits }), {
      cache: true,
      retries: 2,
    });
    const published = step(
      "publish",
      lambda({ manifest: lake.manifest }, ({ manifest }, { artifacts }) =>
        // Events of S3 come late and in any order, so the last run may be for an older archive.
        artifacts.publish(manifest, newestLake, { newest: true }),
      ),
    );
    return { lake: lake.lake, manifest: published };
  },
);
