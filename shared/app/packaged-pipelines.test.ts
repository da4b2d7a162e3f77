import { pipelines } from "../../pipelines/index.ts";
import { graphHash } from "../pipeline/graph.ts";
import type { Pipeline } from "../pipeline/index.ts";
import { dependantsOf } from "../run/dependants.ts";
import { MemoryEngine } from "../testing/memory-engine.ts";
import { startForObject } from "../trigger/start-for-object.ts";
import { catalogueOf } from "./catalogue.ts";
import { factsOf, type LoadedPipeline, packagedPipelines } from "./packaged-pipelines.ts";

const catalogue = catalogueOf(pipelines);

function defined(name: string): Pipeline {
  const found = catalogue.get(name);
  if (found === undefined) throw new Error(`no pipeline ${name}`);
  return found;
}

/** The shipped pipelines in packaged form, and which parts were loaded. */
function packaged({
  gpus = true,
  code = defined,
}: {
  gpus?: boolean;
  code?: (name: string) => LoadedPipeline;
} = {}) {
  const loaded: string[] = [];
  const facts = JSON.parse(JSON.stringify([...catalogue.values()].map(factsOf)));
  const parts = {
    graph(name: string) {
      loaded.push(`${name}.json`);
      return defined(name).graph;
    },
    code(name: string) {
      loaded.push(`${name}.js`);
      return code(name);
    },
  };
  return { packaged: packagedPipelines(facts, parts, gpus), loaded };
}

const withoutFunctions = ({ triggers }: Pipeline) =>
  triggers.map((trigger) => ({
    ...trigger,
    ...(trigger.kind === "run" && { pipeline: trigger.pipeline.name }),
    ...((trigger.kind === "run" || trigger.kind === "object") && { params: undefined }),
  }));

describe("packaged pipelines", () => {
  it.each([true, false])("equal those of the catalogue, in a stage with GPUs: %s", (gpus) => {
    const all = [...packaged({ gpus }).packaged.values()];
    const wanted = [...catalogueOf(pipelines, { gpus }).values()];
    const summaryOf = (each: Pipeline) => {
      const { name, graph, concurrency, tags, runName } = each;
      return {
        name,
        graph,
        graphHash: each.graphHash,
        concurrency,
        tags,
        runName,
        triggers: withoutFunctions(each),
      };
    };
    expect(all.map(summaryOf)).toEqual(wanted.map(summaryOf));
    expect(all.map(({ graph }) => graphHash(graph))).toEqual(all.map((each) => each.graphHash));
  });

  it("load nothing until a part is needed, and each part once", () => {
    const { packaged: all, loaded } = packaged();
    for (const each of all.values()) withoutFunctions(each);
    dependantsOf({ pipelines: all }, "poem-datalake");
    expect(loaded).toEqual([]);
    const pipeline = all.get("ridge-sweep");
    expect(pipeline?.graph).toBe(pipeline?.graph);
    expect(loaded).toEqual(["ridge-sweep.json"]);
    expect(pipeline?.functions.get("select_best")).toBe(defined("ridge-sweep").functions.get("select_best"));
    expect(pipeline?.params).toBe(defined("ridge-sweep").params);
    expect(loaded).toEqual(["ridge-sweep.json", "ridge-sweep.js"]);
  });

  it("load only the code of the pipeline that an object starts", async () => {
    const memory = new MemoryEngine([]);
    const { packaged: all, loaded } = packaged();
    const object = {
      ...{ uri: "s3://data/raw/ridge/october.csv", bucket: "data", key: "raw/ridge/october.csv", bytes: 1 },
      ...{ versionId: "v1", at: "2021-10-04T16:21:00.000Z" },
    };
    const [run] = await startForObject({ ...memory.engine, pipelines: all }, object);
    expect(await memory.store.getRun(run?.runId ?? "")).toMatchObject({
      params: { source: { uri: object.uri, versionId: "v1" } },
      graphHash: defined("ridge-sweep").graphHash,
    });
    expect(loaded.filter((part) => part.endsWith(".js"))).toEqual(["ridge-sweep.js"]);
  });

  it("refuse code whose graph differs from the packaged one", () => {
    const { packaged: all } = packaged({ code: (name) => ({ ...defined(name), graphHash: "another" }) });
    expect(() => all.get("ridge-sweep")?.functions).toThrow(
      "pipeline ridge-sweep defines another graph here than when it was packaged",
    );
  });

  it("name what is missing in a function that only starts runs", () => {
    const opening = (name: string) => {
      const { params, triggers } = defined(name);
      return { name, params, triggers };
    };
    const pipeline = packaged({ code: opening }).packaged.get("ridge-sweep");
    expect(pipeline?.params.safeParse({}).success).toBe(true);
    expect(() => pipeline?.jobs).toThrow("this function has no jobs of pipeline ridge-sweep");
  });
});
