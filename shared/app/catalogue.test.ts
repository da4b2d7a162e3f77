import { pipelines } from "../../pipelines/index.ts";
import { CatalogueError, catalogueOf } from "./catalogue.ts";

describe("the catalogue", () => {
  it("of the deployed pipelines has each by its name", () => {
    expect([...catalogueOf(pipelines).keys()]).toEqual(pipelines.map(({ name }) => name));
  });

  it("refuses two pipelines of one name", () => {
    expect(() => catalogueOf([...pipelines, ...pipelines])).toThrow(CatalogueError);
  });
});
