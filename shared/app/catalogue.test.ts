import * as z from "zod";
import { pipelines } from "../../pipelines/index.ts";
import { child, definePipeline, lambda, type Pipeline, runSucceeded } from "../pipeline/index.ts";
import { CatalogueError, catalogueOf } from "./catalogue.ts";

describe("the catalogue", () => {
  it("of the deployed pipelines has each by its name", () => {
    expect([...catalogueOf(pipelines).keys()]).toEqual(pipelines.map(({ name }) => name));
  });

  it("includes child pipelines at any depth", () => {
    const none = z.strictObject({});
    const leaf = definePipeline({ name: "leaf", params: none }, ({ step }) =>
      step(
        "a",
        lambda({}, () => 1),
      ),
    );
    const middle = definePipeline({ name: "middle", params: none }, ({ step }) => step("a", child(leaf, {})));
    const top = definePipeline({ name: "top", params: none }, ({ step }) => step("a", child(middle, {})));
    expect([...catalogueOf([top, leaf]).keys()].sort()).toEqual(["leaf", "middle", "top"]);
    const otherLeaf = definePipeline({ name: "leaf", params: none }, ({ step }) =>
      step(
        "b",
        lambda({}, () => 1),
      ),
    );
    expect(() => catalogueOf([top, otherLeaf])).toThrow(CatalogueError);
  });

  it("refuses two pipelines with the same name", () => {
    expect(() => catalogueOf([...pipelines, ...pipelines])).toThrow(CatalogueError);
  });

  /** A pipeline that follows some pipelines and runs others as its children. */
  const pipeline = (name: string, follows: Pipeline[] = [], runs: Pipeline[] = []) => {
    const triggers = follows.map((each) => runSucceeded({ pipeline: each, params: () => ({}) }));
    return definePipeline({ name, params: z.strictObject({}), triggers }, ({ step }) => {
      step(
        "own",
        lambda({}, () => 1),
      );
      for (const [place, each] of runs.entries()) step(`child_${place}`, child(each, {}));
    });
  };

  it("accepts pipelines that follow one another, in any order", () => {
    const lake = pipeline("lake");
    const model = pipeline("model", [lake]);
    const report = pipeline("report", [lake, model]);
    expect([...catalogueOf([report, model, lake]).keys()]).toEqual(["report", "model", "lake"]);
  });

  it("refuses a pipeline that follows an unlisted one, or one with another pipeline's name", () => {
    const model = pipeline("model", [pipeline("lake")]);
    const problem = '"model" follows "lake", which is not deployed';
    expect(() => catalogueOf([model])).toThrow(problem);
    expect(() => catalogueOf([model, pipeline("lake")])).toThrow(problem);
  });

  it("of a stage without GPUs has each pipeline in its form without GPUs", () => {
    const resources = catalogueOf(pipelines, { gpus: false });
    const gpus = [...resources.values()].flatMap(({ graph }) =>
      graph.steps.flatMap(({ task }) => (task.kind === "batch" ? [task.resources.gpus] : [])),
    );
    expect(new Set(gpus)).toEqual(new Set([0]));
    expect([...resources.keys()]).toEqual(pipelines.map(({ name }) => name));
  });

  it("refuses pipelines that would start one another forever", () => {
    const lake = pipeline("lake");
    const middle = pipeline("middle", [], [lake]);
    const endless = pipeline("endless", [lake], [middle]);
    expect(() => catalogueOf([lake, middle, endless])).toThrow(
      '"lake" starts "endless" starts "middle" starts "lake", and so on without end',
    );
  });
});
