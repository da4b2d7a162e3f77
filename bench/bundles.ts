import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { packageStage } from "../test/packaged-template.ts";
import { type Report, type Spread, spreadOf } from "./report.ts";

const root = join(import.meta.dirname, "..");
const kilobyte = 1024;
/** A function's bundle, minified, without the SDK that the runtime has. */
const bundleBudget = 400 * kilobyte;
const importsEach = 9;

/** Unpacks a function's package, as Lambda would, and returns the file that the handler is in. */
async function unpack(archive: string, folder: string): Promise<string> {
  const target = join(folder, basename(archive, ".zip"));
  await execa(join(root, ".venv/bin/python"), ["-m", "zipfile", "-e", archive, target]);
  const files = readdirSync(target, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const [file, ...others] = files.map((entry) => join(entry.parentPath, entry.name));
  if (file === undefined || others.length > 0)
    throw new Error(`${archive} holds ${files.length} files, not 1`);
  return file;
}

/** The modules that a bundle takes from the runtime. */
function externalModules(bundle: string): string[] {
  const text = readFileSync(bundle, "utf8");
  const names = [...text.matchAll(/require\("(@(?:aws-sdk|smithy)\/[^"]+)"\)/g)].map(([, name = ""]) => name);
  return [...new Set(names)].sort();
}

const imported = z.object({ sdk: z.number(), own: z.number() });

/** What a function finds in its environment; only its form matters here. */
const environment = {
  SERVICE: "millrace",
  STAGE: "bench",
  TABLE_NAME: "runs",
  DATA_BUCKET: "data",
  STEPS_QUEUE_URL: "http://127.0.0.1:9/steps",
  AWS_REGION: "us-east-1",
  NODE_PATH: join(root, "node_modules"),
};

async function importOnce(bundle: string, external: readonly string[]) {
  const child = await execa(
    process.execPath,
    [
      "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
      join(root, "bench/import-bundle.ts"),
      bundle,
      ...external,
    ],
    { env: environment, extendEnv: false },
  );
  return imported.parse(JSON.parse(child.stdout));
}

type Bundle = { name: string; bytes: number; zipped: number; sdk: Spread; own: Spread };

/** Packages the service as for production, and weighs and imports every function of it. */
async function bundlesOf(folder: string): Promise<Bundle[]> {
  const stage = await packageStage("prod");
  try {
    const archives = readdirSync(stage.folder).filter((name) => name.endsWith(".zip"));
    const found: Bundle[] = [];
    for (const archive of archives) {
      const file = await unpack(join(stage.folder, archive), folder);
      const external = externalModules(file);
      await importOnce(file, external);
      const times = [];
      for (let time = 0; time < importsEach; time += 1) times.push(await importOnce(file, external));
      found.push({
        name: basename(archive, ".zip"),
        bytes: statSync(file).size,
        zipped: statSync(join(stage.folder, archive)).size,
        sdk: spreadOf(times.map(({ sdk }) => sdk)),
        own: spreadOf(times.map(({ own }) => own)),
      });
    }
    return found;
  } finally {
    stage.remove();
  }
}

/** Sizes of the functions' bundles as `sls package --stage prod` makes them, and how long a cold import takes. */
export async function measureBundles(): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bundles-"));
  try {
    const bundles = await bundlesOf(folder);
    const table = {
      title: "Bundles of the functions, as packaged for production",
      columns: ["function", "KB minified", "KB zipped", "import: own code, ms", "import: SDK, ms"],
      rows: bundles.map(({ name, bytes, zipped, own, sdk }) => [
        name,
        bytes / kilobyte,
        zipped / kilobyte,
        own,
        sdk,
      ]),
      notes: [
        `KB: 1,024 bytes; budget ${bundleBudget / kilobyte} KB. Import: median (min–max) of ${importsEach}, each in a fresh process.`,
        "Own code: the bundle, with zod, middy, Powertools, the pipelines and the building of the engine's clients.",
        "SDK: what the bundle leaves to the runtime, loaded from node_modules; Lambda has it on its image.",
        "Not included: starting Node, fetching the package, starting the sandbox.",
      ],
    };
    return {
      tables: [table],
      overBudget: bundles
        .filter(({ bytes }) => bytes > bundleBudget)
        .map(({ name, bytes }) => `bundle of ${name}: ${bytes} bytes, budget ${bundleBudget}`),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
