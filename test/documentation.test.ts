import { readFileSync } from "node:fs";
import { join } from "node:path";
import { daily } from "./types/documented-definition.ts";

const read = (path: string) => readFileSync(join(import.meta.dirname, path), "utf8");

describe("docs/definitions.md", () => {
  it("shows a definition that is checked here", () => {
    const [, example = "nothing"] = /```ts\n(.*?)```/s.exec(read("../docs/definitions.md")) ?? [];
    expect(read("types/documented-definition.ts")).toContain(example);
    expect(daily.graph.steps.map(({ name }) => name)).toContain("clean_up");
  });
});
