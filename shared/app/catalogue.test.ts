import * as z from "zod";
import { pipelines } from "../../pipelines/index.ts";
import { child, definePipeline, lambda } from "../pipeline/index.ts";
import { CatalogueError, catalogueOf } from "./catalogue.ts";

describe("the catalogue", () => {
  it("of the deployed pipelines has each by its name", () => {
    expect([...catalogueOf(pipelines).keys()]).toEqual(pipelines.map(({ name }) => name));
  });

  it("has the pipelines that others run as their children, at any depth", () => {
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

  it("refuses two pipelines of one name", () => {
    expect(() => catalogueOf([...pipelines, ...pipelines])).toThrow(CatalogueError);
  });
});
