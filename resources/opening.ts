import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseSync, printSync } from "@swc/core";
import type { PluginBuild } from "esbuild";

type Node = { [key: string]: unknown };

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

/** Every node of a syntax tree. */
function* nodesOf(tree: unknown): Generator<Node> {
  if (!isNode(tree)) return;
  if (!Array.isArray(tree)) yield tree;
  for (const value of Object.values(tree)) yield* nodesOf(value);
}

/** The names that a module uses for `definePipeline`. */
function namesOfDefine(tree: unknown): Set<unknown> {
  const names = new Set<unknown>();
  for (const { type, local, imported } of nodesOf(tree)) {
    if (type !== "ImportSpecifier" || !isNode(local)) continue;
    const name = isNode(imported) ? imported.value : local.value;
    if (name === "definePipeline") names.add(local.value);
  }
  return names;
}

/** Options of a pipeline that only the functions that work on its runs need. */
const laterOptions: ReadonlySet<unknown> = new Set(["hooks", "notices"]);

/** Leaves only name, parameters and triggers in `definePipeline({ name, params, triggers, … }, build)`. */
function removeSteps(tree: unknown): void {
  const names = namesOfDefine(tree);
  for (const node of nodesOf(tree)) {
    const { type, callee, arguments: given } = node;
    if (type !== "CallExpression" || !isNode(callee) || !Array.isArray(given)) continue;
    const member = isNode(callee.property) ? callee.property.value : undefined;
    if (!names.has(callee.value) && member !== "definePipeline") continue;
    node.arguments = given.slice(0, 1);
    const options: unknown = given[0]?.expression;
    if (!isNode(options) || !Array.isArray(options.properties)) continue;
    options.properties = options.properties.filter((each: { key?: Node; value?: unknown }) => {
      const name = each.key?.value ?? (each as Node).value;
      return !laterOptions.has(name);
    });
  }
}

/** Modules that a module loads for their side effects, as in `import "./polyfill.ts"`. */
function bareImports(text: string): Set<string> {
  return new Set([...text.matchAll(/^\s*import\s*["']([^"']+)["']/gm)].map(([, path = ""]) => path));
}

const root = join(import.meta.dirname, "..");
const definitionApi = join(root, "shared", "pipeline", "index.ts");

const isEngines = (path: string) =>
  ["shared", "functions", "resources"].includes(relative(root, path).split(/[\\/]/)[0] ?? "");

/** Whether a file belongs to the engine or a package. Authors write all other files. */
const isNotAuthors = (path: string) => isEngines(path) || /[\\/]node_modules[\\/]/.test(path);

const resolved = Symbol("resolved");

/**
 * Bundles only those parts of pipelines that starting a run needs: parameters and triggers. The functions of their
 * steps are cut out, and with them everything that only those import.
 */
export function bundleParamsAndTriggers(build: PluginBuild): void {
  const bare = new Map<string, Set<string>>();

  build.onLoad({ filter: /\.ts$/, namespace: "file" }, ({ path }) => {
    if (isNotAuthors(path)) return undefined;
    const text = readFileSync(path, "utf8");
    bare.set(path, bareImports(text));
    if (!text.includes("definePipeline")) return undefined;
    const tree = parseSync(text, { syntax: "typescript", target: "es2024" });
    removeSteps(tree);
    return { contents: printSync(tree).code, loader: "ts" };
  });

  build.onResolve({ filter: /.*/, namespace: "file" }, async ({ path, pluginData, ...from }) => {
    if (pluginData === resolved) return undefined;
    if (path === "./define-pipeline.ts" && from.importer === definitionApi) {
      return build.resolve("./open-pipeline.ts", { ...from, pluginData: resolved });
    }
    if (isNotAuthors(from.importer)) return undefined;
    // Only step functions import at run time.
    if (from.kind === "dynamic-import") return { path, external: true };
    if (bare.get(from.importer)?.has(path)) return undefined;
    const found = await build.resolve(path, { ...from, pluginData: resolved });
    if (found.errors.length > 0) return found;
    // Unused modules are left out, even if loading them has side effects.
    return found.external || isEngines(found.path) ? undefined : { ...found, sideEffects: false };
  });
}
