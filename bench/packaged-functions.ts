import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import type { PackagedStage } from "../test/packaged-template.ts";

const root = join(import.meta.dirname, "..");

/** A function's package, unpacked as on Lambda. */
export type PackagedFunction = {
  readonly name: string;
  /** The file that contains the handler. */
  readonly bundle: string;
  /** The size of each file, by its path from the bundle's folder. */
  readonly files: ReadonlyMap<string, number>;
  /** Bytes of the archive. */
  readonly zipped: number;
};

/** Unpacks the functions of a packaged stage. */
export async function packagedFunctions(stage: PackagedStage): Promise<PackagedFunction[]> {
  const archives = readdirSync(stage.folder).filter((name) => name.endsWith(".zip"));
  const found: PackagedFunction[] = [];
  for (const archive of archives) {
    const name = basename(archive, ".zip");
    const folder = join(await stage.unpack(name), "functions");
    const entries = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const [bundle, ...others] = entries.filter((entry) => /^[^/]+\.js$/.test(entry));
    if (bundle === undefined || others.length > 0) throw new Error(`${archive} has not one handler's file`);
    const files = entries
      .map((entry) => [entry, statSync(join(folder, entry))] as const)
      .filter(([, stats]) => stats.isFile());
    found.push({
      ...{ name, bundle: join(folder, bundle) },
      files: new Map(files.map(([entry, { size }]) => [entry, size])),
      zipped: statSync(join(stage.folder, archive)).size,
    });
  }
  return found;
}

/** The modules that a function takes from the runtime. */
function externalModules({ bundle, files }: PackagedFunction): string[] {
  const texts = [...files.keys()]
    .filter((file) => file.endsWith(".js"))
    .map((file) => readFileSync(join(bundle, "..", file), "utf8"));
  const names = texts.flatMap((text) =>
    [...text.matchAll(/require\("(@(?:aws-sdk|smithy)\/[^"]+)"\)/g)].map(([, name = ""]) => name),
  );
  return [...new Set(names)].sort();
}

const imported = z.object({
  sdk: z.number(),
  own: z.number(),
  cpu: z.number(),
  parts: z.number(),
  files: z.array(z.string()),
  later: z.array(z.string()),
});

/**
 * Milliseconds of one import in a fresh process, for the SDK, our code and a pipeline's parts; and the files that were
 * loaded.
 */
export type Imported = z.infer<typeof imported>;

/** A function's environment. Only its form matters here. */
const environment = {
  SERVICE: "millrace",
  STAGE: "bench",
  TABLE_NAME: "runs",
  DATA_BUCKET: "data",
  STEPS_QUEUE_URL: "http://127.0.0.1:9/steps",
  AWS_REGION: "us-east-1",
  NODE_PATH: join(root, "node_modules"),
};

/** Imports a function in a fresh process, and then a pipeline of its package if one is named. */
export async function importFunction(packaged: PackagedFunction, pipeline = ""): Promise<Imported> {
  const child = await execa(
    process.execPath,
    [
      "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
      join(root, "bench/import-bundle.ts"),
      ...[packaged.bundle, pipeline, ...externalModules(packaged)],
    ],
    { env: environment, extendEnv: false },
  );
  return imported.parse(JSON.parse(child.stdout));
}

/** The total size of some of a function's files. */
export function bytesOf({ files }: PackagedFunction, names: Iterable<string>): number {
  return [...names].reduce((sum, name) => sum + (files.get(name) ?? 0), 0);
}
