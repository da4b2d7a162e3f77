import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { type PackagedStage, packageStage, root, run } from "../test/packaged-template.ts";
import { type PackagedPart, packagedParts } from "./pipeline-parts.ts";

/** Many bytes that do work when they load. */
const heavy = `const rows = [${'{ name: "row", values: [1, 2, 3] },'.repeat(100_000)}].map(({ values }) => values.length);
  console.log("heavy module loaded");
  export const weigh = (place: number): number => rows[place] ?? 0;`;

const imports = `import * as z from "zod";
  import { definePipeline, FatalError, lambda, objectCreated, runSucceeded } from "../shared/pipeline/index.ts";`;

/**
 * Three pipelines. A step of the first needs a module's contents; the second follows it; the third has its own
 * children.
 */
const catalogue = (heavyModule: string) => ({
  index: `
    import { first } from "./first.ts";
    import { second } from "./second.ts";
    import { third } from "./third.ts";
    export const pipelines = [first, second, third];`,
  sources: [],
  files: {
    "pipelines/heavy.ts": heavyModule,
    "pipelines/messages.ts": `import * as z from "zod";\nz.config({ customError: () => "is not as it should be" });`,
    "pipelines/first.ts": `${imports}
      import { weigh } from "./heavy.ts";
      import "./messages.ts";
      function work({ place }: { place: number }) {
        if (place < 0) throw new FatalError("no such place");
        return { weight: weigh(place) };
      }
      export const first = definePipeline(
        {
          name: "first",
          params: z.strictObject({ place: z.number() }),
          triggers: [objectCreated({ prefix: "raw/first/", params: ({ bytes }) => ({ place: bytes }) })],
          hooks: { failed: () => console.log(weigh(0)) },
        },
        ({ params, step }) => step("work", lambda({ place: params.place }, work)),
      );`,
    "pipelines/second.ts": `${imports}
      import { first } from "./first.ts";
      export const second = definePipeline(
        {
          name: "second",
          params: z.strictObject({ weight: z.number() }),
          triggers: [runSucceeded({ pipeline: first, params: ({ result }) => ({ weight: result.weight }) })],
        },
        ({ params, step }) => step("show", lambda({ weight: params.weight }, ({ weight }) => ({ weight }))),
      );`,
    "pipelines/third.ts": `${imports}
      const all = ["third"].map((name) =>
        definePipeline({ name, params: z.strictObject({}) }, ({ step }) =>
          step("late", lambda({}, async () => (await import("./heavy.ts")).weigh(1))),
        ),
      );
      export const [third] = all as [(typeof all)[number]];`,
  },
});

/** Files of a function's package with their sizes in bytes. */
type Files = Record<string, number>;

/** A catalogue with a changed copy of a pipeline. */
const derived = {
  index: `
    import { source } from "./source.ts";
    const graph = { ...source.graph, pipeline: "copy", steps: source.graph.steps.map((step) => ({ ...step, retries: 3 })) };
    export const pipelines = [{ ...source, name: "copy", graph, graphHash: "0".repeat(64) }];`,
  sources: [],
  files: {
    "pipelines/source.ts": `${imports}
      export const source = definePipeline(
        {
          name: "source",
          params: z.strictObject({ place: z.number() }),
          triggers: [objectCreated({ prefix: "raw/source/", params: ({ bytes }) => ({ place: bytes }) })],
        },
        ({ params, step }) => step("work", lambda({ place: params.place }, ({ place }) => place)),
      );`,
  },
};

let packaged: Record<"light" | "heavy" | "derived", PackagedStage>;
beforeAll(async () => {
  const [light, laden, copied] = await Promise.all([
    packageStage("prod", catalogue("export const weigh = (place: number): number => place;")),
    packageStage("prod", catalogue(heavy)),
    packageStage("prod", derived),
  ]);
  packaged = { light, heavy: laden, derived: copied };
});
afterAll(() => {
  for (const stage of Object.values(packaged)) stage.remove();
});

async function filesOf(stage: PackagedStage, name: string): Promise<Files> {
  const folder = await stage.unpack(name);
  const entries = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = entries.filter((entry) => statSync(join(folder, entry)).isFile());
  return Object.fromEntries(files.map((file) => [file, statSync(join(folder, file)).size]));
}

/** The output of a program that has a function's bundle as `bundle`, and `part` to load one of its pipelines. */
async function printed(name: string, program: string, stage = packaged.heavy): Promise<string> {
  const folder = join(await stage.unpack(name), "functions");
  const code = `
    const { relative, join } = require("node:path");
    const folder = ${JSON.stringify(folder)};
    const bundle = require(join(folder, "${name}.js"));
    const part = (pipeline) => require(join(folder, "${name}.parts", pipeline + ".js")).pipeline;
    ${program}`;
  const { stdout } = await run(process.execPath, ["-e", code], {
    env: {
      ...{ SERVICE: "millrace", STAGE: "prod", TABLE_NAME: "runs", DATA_BUCKET: "data" },
      ...{ STEPS_QUEUE_URL: "http://127.0.0.1:9/steps", AWS_REGION: "us-east-1", LOG_LEVEL: "SILENT" },
      ...{ NODE_PATH: join(root, "node_modules"), NODE_NO_WARNINGS: "1" },
    },
  });
  return stdout.trim();
}

const functions = [
  ...["batch-state-change", "console", "console-act", "dead-letter", "manage"],
  ...["object-created", "start", "step", "tick"],
];

describe("what a heavy import in one step adds to a bundle", () => {
  test.each(functions.filter((name) => name !== "step"))("%s: nothing", async (name) => {
    expect(await filesOf(packaged.heavy, name)).toEqual(await filesOf(packaged.light, name));
  });

  test("the step workers: a part of its own, which only runs of its pipeline load", async () => {
    const files = await filesOf(packaged.heavy, "step");
    const large = Object.entries(files).filter(([, bytes]) => bytes > 1_000_000);
    expect(large).toHaveLength(1);
    expect(files["functions/step.js"]).toBe((await filesOf(packaged.light, "step"))["functions/step.js"]);
    expect(await printed("step", 'part("third"); console.log("done")')).toBe("done");
    expect(await printed("step", 'part("first"); console.log("done")')).toBe("heavy module loaded\ndone");
  });

  test("a step that imports it while it runs: nothing before", async () => {
    const program = `const late = part("third").functions.get("late"); console.log("idle"); late({}).then(console.log);`;
    expect(await printed("step", program)).toBe("idle\nheavy module loaded\n3");
  });
});

describe("a packaged function", () => {
  test("that only follows runs has the pipelines' graphs and none of their code", async () => {
    for (const name of ["batch-state-change", "dead-letter"]) {
      const parts = Object.keys(await filesOf(packaged.heavy, name)).filter((file) =>
        file.includes(".parts/"),
      );
      expect(parts.map((file) => file.split("/").at(-1)).sort()).toEqual([
        "first.json",
        "second.json",
        "third.json",
      ]);
    }
  });

  test("that draws forms also has the parameters as JSON Schema, and no code", async () => {
    const folder = join(await packaged.heavy.unpack("console"), "functions", "console.parts");
    expect(readdirSync(folder).sort()).toEqual(
      ["first", "second", "third"].flatMap((name) => [`${name}.json`, `${name}.params.json`]),
    );
    expect(JSON.parse(readFileSync(join(folder, "first.params.json"), "utf8"))).toMatchObject({
      properties: { place: { type: "number" } },
    });
  });

  test("loads no pipeline when it starts", async () => {
    const program = `console.log(Object.keys(require.cache).map((file) => relative(folder, file))
      .filter((file) => /parts.(first|second|third)/.test(file)).length)`;
    expect(await printed("step", program)).toBe("0");
    expect(await printed("start", program)).toBe("0");
  });

  test("that starts runs has parameters and triggers, without the functions of steps and hooks", async () => {
    const program = `const { params, triggers, ...others } = part("first");
      console.log(JSON.stringify([params.safeParse({ place: 2 }).success, triggers[0].params({ bytes: 5 }), others]));
      console.log(JSON.stringify(part("second").triggers[0].params({ result: { weight: 4 } })));`;
    expect(await printed("start", program)).toBe('[true,{"place":5},{"name":"first"}]\n{"weight":4}');
  });

  test("that starts runs has a changed copy of a pipeline as a whole if its module reads the graph", async () => {
    const program = `const { params, triggers, graph } = part("copy");
      console.log(JSON.stringify([params.safeParse({ place: 2 }).success, triggers[0].params({ bytes: 5 }), graph.pipeline]));`;
    expect(await printed("object-created", program, packaged.derived)).toBe('[true,{"place":5},"copy"]');
  });

  test("keeps a definition's imports for their side effects", async () => {
    const program = `console.log(part("first").params.safeParse({ place: "x" }).error.issues[0].message)`;
    expect(await printed("start", program)).toBe("is not as it should be");
  });

  test("shares the classes of the definition API with its pipelines", async () => {
    const program = `
      const { functions } = part("first");
      try { functions.get("work")({ place: -1 }); } catch (error) { console.log(error.name, error.constructor.name.length > 0); }`;
    expect(await printed("step", program)).toContain("FatalError");
    const parts = Object.keys(await filesOf(packaged.heavy, "step")).filter((file) => /\.js$/.test(file));
    const folder = await packaged.heavy.unpack("step");
    const having = parts.filter((file) => readFileSync(join(folder, file), "utf8").includes('"FatalError"'));
    expect(having).toHaveLength(1);
  });
});

describe("the parts of pipelines that a function contains", () => {
  /** Functions that appear only in bundles that contain more than this. */
  const beyond: Record<PackagedPart, RegExp> = {
    graphs: /function (startRun|runFunctionStep|parsedInputs)\(/g,
    forms: /function (startRun|runFunctionStep|parsedInputs)\(/g,
    openings: /function (runFunctionStep|parsedInputs)\(/g,
    steps: /^$/g,
  };

  test.each(Object.entries(packagedParts))("are all that %s needs: %s", async (name, carried) => {
    const { outputFiles } = await build({
      entryPoints: [join(root, `functions/${name}.ts`)],
      ...{ bundle: true, write: false, platform: "node", external: ["@aws-sdk/*", "@smithy/*"] },
    });
    expect(outputFiles.flatMap(({ text }) => text.match(beyond[carried]) ?? [])).toEqual([]);
  });

  test("are checked by function names that exist in the code", async () => {
    const { outputFiles } = await build({
      entryPoints: [join(root, "functions/step.ts")],
      ...{ bundle: true, write: false, platform: "node", external: ["@aws-sdk/*", "@smithy/*"] },
    });
    expect(outputFiles.flatMap(({ text }) => text.match(beyond.graphs) ?? [])).toHaveLength(3);
  });
});
