import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type BuildOptions, type Plugin, transform } from "esbuild";
import { checkedPipelines } from "./checked-pipelines.ts";
import type { DescribedPipeline } from "./described-pipeline.ts";
import { bundleParamsAndTriggers } from "./opening.ts";

const root = join(import.meta.dirname, "..");

/**
 * How much of the pipelines a function's package contains: only graphs, also their parameters as JSON Schema, also what
 * starting a run needs, or everything.
 */
export type PackagedPart = "graphs" | "forms" | "openings" | "steps";

/** By the function's file. A function that is not listed contains everything. */
export const packagedParts: Readonly<Record<string, PackagedPart>> = {
  "batch-state-change": "graphs",
  console: "forms",
  "console-act": "openings",
  "dead-letter": "graphs",
  manage: "openings",
  "object-created": "openings",
  start: "openings",
  tick: "openings",
  step: "steps",
};

/** Replaces shared/app/deployed-pipelines.ts. Parts are next to the function, in a folder named after it. */
function deployedPipelines(
  pipelines: readonly DescribedPipeline[],
  folder: string,
  carried: PackagedPart,
): string {
  const facts = JSON.stringify(JSON.stringify(pipelines.map((each) => each.facts)));
  const code =
    carried === "graphs" || carried === "forms"
      ? `() => { throw new PipelinePartError("this function has no code of pipelines: resources/pipeline-parts.ts says which functions do"); }`
      : `(name) => load("./${folder}/" + name + ".js").pipeline`;
  return `
    import { createRequire } from "node:module";
    import { packagedPipelines, PipelinePartError } from "./packaged-pipelines.ts";
    const load = createRequire(__filename);
    const parts = { graph: (name) => load("./${folder}/" + name + ".json"), code: ${code} };
    export const deployedPipelines = (gpus) => packagedPipelines(JSON.parse(${facts}), parts, gpus);`;
}

/** Replaces shared/app/params-schemas.ts. The schemas are next to the function, like other parts. */
function paramsSchemas(folder: string): string {
  return `
    import { createRequire } from "node:module";
    const load = createRequire(__filename);
    export const paramsSchemaOf = ({ name }) => load("./${folder}/" + name + ".params.json");`;
}

/** A module that exports one pipeline as `pipeline`. */
function entryOf({ facts, file, exported, listed }: DescribedPipeline): string {
  const from = JSON.stringify(join(root, file));
  if (!listed) return `export { ${exported} as pipeline } from ${from};`;
  return `import { ${exported} as listed } from ${from};
    export const pipeline = listed.find(({ name }) => name === ${JSON.stringify(facts.name)});`;
}

/** A module of the split bundle as CommonJS: Lambda and the local stack load it with require, like their SDK. */
async function asCommonJs(text: string, { minify, target, platform }: BuildOptions): Promise<string> {
  const { code } = await transform(text, {
    ...{ format: "cjs", loader: "js", supported: { "dynamic-import": false } },
    ...(minify !== undefined && { minify }),
    ...(target !== undefined && { target }),
    ...(platform !== undefined && { platform }),
  });
  return code;
}

const namespace = "pipeline";

/**
 * Bundles each pipeline separately, next to the function that needs it, and bundles what they share with the function
 * once. esbuild can only split ES modules, so they become CommonJS at the end.
 * `docs/adr/a-pipeline-is-loaded-by-its-run.md` explains why.
 */
export const pipelineParts: Plugin = {
  name: "pipeline-parts",
  async setup(build) {
    const options = build.initialOptions;
    const [entry] = Array.isArray(options.entryPoints) ? options.entryPoints : [];
    if (typeof entry !== "string") throw new TypeError("a function is bundled by itself");
    const name = basename(entry, ".ts");
    const folder = `${name}.parts`;
    const carried = packagedParts[name] ?? "steps";
    const pipelines = await checkedPipelines();
    const bundled = carried === "graphs" || carried === "forms" ? [] : pipelines;
    const entries = new Map(bundled.map((each) => [`${namespace}:${each.facts.name}`, each]));
    const { "dynamic-import": _, ...supported } = options.supported ?? {};
    Object.assign(options, {
      entryPoints: [
        { in: entry, out: name },
        ...bundled.map(({ facts }) => ({ in: `${namespace}:${facts.name}`, out: `${folder}/${facts.name}` })),
      ],
      ...{ format: "esm", splitting: true, chunkNames: `${folder}/shared-[hash]`, supported, write: false },
    } satisfies BuildOptions);
    // An opening has no graph, which a changed copy of a pipeline is made from: such a catalogue is carried whole.
    if (carried === "openings" && !pipelines.some(({ derived }) => derived)) bundleParamsAndTriggers(build);

    build.onResolve({ filter: /^pipeline:/ }, ({ path }) =>
      entries.has(path) ? { path, namespace } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace }, ({ path }) => {
      const pipeline = entries.get(path);
      return pipeline && { contents: entryOf(pipeline), resolveDir: root };
    });
    build.onLoad({ filter: /[\\/]app[\\/]deployed-pipelines\.ts$/ }, ({ path }) => ({
      contents: deployedPipelines(pipelines, folder, carried),
      resolveDir: dirname(path),
    }));

    build.onLoad({ filter: /[\\/]app[\\/]params-schemas\.ts$/ }, ({ path }) => ({
      contents: paramsSchemas(folder),
      resolveDir: dirname(path),
    }));

    build.onEnd(async ({ outputFiles = [] }) => {
      const outdir = options.outdir ?? ".";
      const write = (path: string, text: string) => {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
      };
      await Promise.all(
        outputFiles.map(async ({ path, text }) => write(path, await asCommonJs(text, options))),
      );
      for (const { facts, graph, paramsSchema } of pipelines) {
        write(join(outdir, folder, `${facts.name}.json`), JSON.stringify(graph));
        if (carried === "forms")
          write(join(outdir, folder, `${facts.name}.params.json`), JSON.stringify(paramsSchema));
      }
    });
  },
};
