import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Metafile } from "esbuild";
import { factsOf, type PipelineFacts } from "../shared/app/packaged-pipelines.ts";
import { paramsSchemaOf } from "../shared/app/params-schemas.ts";
import { isUnchanged } from "../shared/pipeline/define-pipeline.ts";
import type { Graph } from "../shared/pipeline/graph.ts";
import type { JsonObject } from "../shared/pipeline/json.ts";
import { errorOf } from "../shared/pipeline/millrace-error.ts";
import type { Pipeline } from "../shared/pipeline/pipeline.ts";

const root = join(import.meta.dirname, "..");

/** What packaging has to know about a pipeline: its facts, its graph, and where its code is. */
export type DescribedPipeline = {
  readonly facts: PipelineFacts;
  readonly graph: Graph;
  /** Its parameters as JSON Schema. */
  readonly paramsSchema: JsonObject;
  /** The module that exports it. */
  readonly file: string;
  /** The name of its export, or of the exported list that contains it. */
  readonly exported: string;
  readonly listed: boolean;
  /** Whether it's a changed copy of a defined pipeline, so that its module reads the graph of that while it loads. */
  readonly derived: boolean;
};

/** No module exports a pipeline, so no function could load it by itself. */
class PipelineExportError extends errorOf("PIPELINE_EXPORT") {}

type Place = Pick<DescribedPipeline, "file" | "exported" | "listed">;

/** The modules that pipelines/index.ts loads, by file, except those of packages and of the engine. */
async function ownModules(): Promise<Metafile["inputs"]> {
  const { metafile } = await build({
    entryPoints: ["pipelines/index.ts"],
    ...{
      absWorkingDir: root,
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      logLevel: "silent",
    },
    packages: "external",
    outdir: "none",
  });
  const own = Object.entries(metafile.inputs).filter(
    ([file]) => /\.[cm]?[jt]s$/.test(file) && !/^shared\/|(^|\/)node_modules\//.test(file),
  );
  return Object.fromEntries(own);
}

/** The files that a module loads, at any depth. */
function loadedBy(modules: Metafile["inputs"], file: string, found = new Set<string>()): Set<string> {
  for (const { path } of modules[file]?.imports ?? []) {
    if (found.has(path)) continue;
    found.add(path);
    loadedBy(modules, path, found);
  }
  return found;
}

/** Where each pipeline is exported. If several modules export it, this is the one that the others import it from. */
async function places(pipelines: readonly Pipeline[]): Promise<ReadonlyMap<Pipeline, Place>> {
  const modules = await ownModules();
  const wanted = new Set<unknown>(pipelines);
  const found = new Map<unknown, Place[]>();
  const note = (pipeline: unknown, place: Place) => {
    if (wanted.has(pipeline)) found.set(pipeline, [...(found.get(pipeline) ?? []), place]);
  };
  for (const file of Object.keys(modules)) {
    const path = isAbsolute(file) ? file : join(root, file);
    const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
    for (const [exported, value] of Object.entries(module)) {
      note(value, { file, exported, listed: false });
      if (Array.isArray(value)) for (const each of value) note(each, { file, exported, listed: true });
    }
  }
  return new Map(
    pipelines.map((pipeline) => {
      const all = found.get(pipeline) ?? [];
      const single = all.filter(({ listed }) => !listed);
      const candidates = single.length > 0 ? single : all;
      const place = candidates.find(({ file }) => {
        const loaded = loadedBy(modules, file);
        return !candidates.some((other) => other.file !== file && loaded.has(other.file));
      });
      if (place === undefined) {
        throw new PipelineExportError(`pipeline "${pipeline.name}" is exported by no module`);
      }
      return [pipeline, place];
    }),
  );
}

/** Describes pipelines for packaging. @throws PipelineExportError for one that cannot be loaded by itself */
export async function describe(pipelines: readonly Pipeline[]): Promise<DescribedPipeline[]> {
  const found = await places(pipelines);
  return pipelines.flatMap((pipeline) => {
    const place = found.get(pipeline);
    if (place === undefined) return [];
    const { graph } = pipeline;
    const derived = !isUnchanged(pipeline);
    return [{ facts: factsOf(pipeline), graph, paramsSchema: paramsSchemaOf(pipeline), derived, ...place }];
  });
}
