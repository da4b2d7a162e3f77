import { engineBudget } from "../test/engine-budget.ts";
import { packageStage } from "../test/packaged-template.ts";
import { bytesOf, importFunction, packagedFunctions } from "./packaged-functions.ts";
import { type Report, type Spread, spreadOf } from "./report.ts";

const kilobyte = 1024;
const importsEach = 9;
/** The largest pipeline of the product. */
const loaded = "poem-model";

/** The size of each function that is packaged without any pipeline. */
async function engineBytes(): Promise<ReadonlyMap<string, number>> {
  const stage = await packageStage("prod", { index: "export const pipelines = [];", sources: [] });
  try {
    const functions = await packagedFunctions(stage);
    return new Map(functions.map((each) => [each.name, bytesOf(each, each.files.keys())]));
  } finally {
    stage.remove();
  }
}

type Bundle = {
  name: string;
  engine: number;
  atStart: number;
  zipped: number;
  sdk: Spread;
  own: Spread;
  parts: Spread | undefined;
};

/** Packages the service as for production, then measures and imports each of its functions. */
async function bundles(): Promise<Bundle[]> {
  const engines = await engineBytes();
  const stage = await packageStage("prod");
  try {
    const found: Bundle[] = [];
    for (const packaged of await packagedFunctions(stage)) {
      const { name, files, zipped } = packaged;
      const hasCode = [...files.keys()].some((file) => file.endsWith(`/${loaded}.js`));
      const pipeline = hasCode ? loaded : "";
      const first = await importFunction(packaged, pipeline);
      const times = [];
      for (let time = 0; time < importsEach; time += 1) times.push(await importFunction(packaged, pipeline));
      found.push({
        ...{ name, zipped },
        engine: engines.get(name) ?? Number.NaN,
        atStart: bytesOf(packaged, first.files),
        sdk: spreadOf(times.map(({ sdk }) => sdk)),
        own: spreadOf(times.map(({ own }) => own)),
        parts: hasCode ? spreadOf(times.map(({ parts }) => parts)) : undefined,
      });
    }
    return found;
  } finally {
    stage.remove();
  }
}

/** Sizes of the functions' bundles from `sls package --stage prod`, and how long a cold import takes. */
export async function measureBundles(): Promise<Report> {
  const found = await bundles();
  const table = {
    title: "Bundles of the functions, as packaged for production",
    columns: [
      "function",
      "engine alone, KB",
      "loaded at start, KB",
      "zipped, KB",
      "import: own code, ms",
      `then ${loaded}, ms`,
      "import: SDK, ms",
    ],
    rows: found.map(({ name, engine, atStart, zipped, own, parts, sdk }) => [
      ...[name, engine / kilobyte, atStart / kilobyte, zipped / kilobyte],
      ...[own, parts, sdk],
    ]),
    notes: [
      `KB: 1,024 bytes. Engine alone: packaged without any pipeline; its budget is ${engineBudget("step") / kilobyte} KB; the console's are larger.`,
      `Import: median (min–max) of ${importsEach}, each in a fresh process.`,
      "Own code: what a cold start loads, with zod, middy, Powertools and the building of the engine's clients.",
      `Then ${loaded}: what its first run in a worker loads besides, in the functions that load pipelines.`,
      "SDK: what the bundle leaves to the runtime, loaded from node_modules; Lambda has it on its image.",
      "Not included: starting Node, fetching the package, starting the sandbox.",
    ],
  };
  return {
    tables: [table],
    overBudget: found
      .filter(({ name, engine }) => !(engine <= engineBudget(name)))
      .map(({ name, engine }) => `engine of ${name}: ${engine} bytes, budget ${engineBudget(name)}`),
  };
}
