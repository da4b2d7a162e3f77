import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { noticeOf } from "../shared/notice/run-notice.ts";
import type { RunNotice } from "../shared/ports/notifier.ts";
import { type EndedRun, noProgress } from "../shared/state/run.ts";
import { testPipeline } from "../shared/testing/test-pipeline.ts";
import { aChain, aRun } from "./factories.ts";
import { daily } from "./types/documented-definition.ts";
import { examples, greet } from "./types/documented-examples.ts";

const read = (path: string) => readFileSync(join(import.meta.dirname, path), "utf8");

describe("docs/definitions.md", () => {
  it("shows a definition that is checked here", () => {
    const [, example = "nothing"] = /```ts\n(.*?)```/s.exec(read("../docs/definitions.md")) ?? [];
    expect(read("types/documented-definition.ts")).toContain(example);
    expect(daily.graph.steps.map(({ name }) => name)).toContain("clean_up");
  });
});

describe("the examples in docstrings of the definition API", () => {
  const withoutIndent = (text: string) => text.replace(/^ +/gm, "");
  const checked = withoutIndent(
    ["types/documented-examples.ts", "documentation.test.ts"].map((path) => read(path)).join("\n"),
  );
  const examplesIn = (path: string) =>
    [...read(`../shared/${path}`).matchAll(/@example\n *\* ```ts\n(.*?)\n *\* ```/gs)].map(
      ([, lines = "nothing"]) => withoutIndent(lines.replace(/^ *\* ?/gm, "")),
    );

  it.each([
    ["pipeline/define-pipeline.ts", 3],
    ["pipeline/task.ts", 6],
    ["pipeline/schedule-trigger.ts", 1],
    ["pipeline/trigger.ts", 1],
    ["pipeline/job.ts", 1],
    ["testing/test-pipeline.ts", 1],
  ])("are code that the type-checker reads: shared/%s has %i", (path, count) => {
    const found = examplesIn(path);
    expect(found).toHaveLength(count);
    for (const example of found) expect(checked).toContain(example);
    expect(examples.graph.steps).not.toHaveLength(0);
  });

  it("include a test of a pipeline that passes", async () => {
    const result = await testPipeline(greet, { params: { name: "Ada" } });
    expect(result.state).toBe("SUCCEEDED");
    expect(result.outputs).toEqual({ say: "Hello, Ada" });
  });
});

describe("docs/notices.md", () => {
  it("shows the JSON that a webhook receives", () => {
    const [, example = "null"] = /```json\n(.*?)```/s.exec(read("../docs/notices.md")) ?? [];
    const shown = JSON.parse(example) as RunNotice;
    const { run, error, failedSteps, ...facts } = shown;
    const ended: EndedRun = {
      ...aRun({ runId: run.id, name: run.name, progress: { ...noProgress, failed: new Set([0]) } }),
      ...{ pipeline: facts.pipeline, state: "FAILED", endedAt: facts.endedAt },
      ...(error && { error: { step: error.step, name: error.name, message: error.message } }),
    };
    const graph = aChain(...failedSteps);
    const made = noticeOf({ name: facts.stage, region: "us-east-1" }, ended, graph, error?.log);
    const beginning = error?.logUrl?.replace("…", "") ?? "nothing";
    expect(made).toEqual({ ...shown, error: { ...error, logUrl: expect.stringContaining(beginning) } });
  });
});

describe("a path named in a page", () => {
  const root = join(import.meta.dirname, "..");
  const pages = ["docs", "batch-jobs", "local", "."].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: folder === "docs", encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => join(folder, name)),
  );
  const folders =
    "shared|functions|local|test|cli|resources|bench|batch-jobs|docs|pipelines|events|templates";
  // NAME and FAMILY are placeholders. Folders that begin with a dot are left out, as they're created when needed.
  const named = new RegExp(`\`((?:${folders})/(?!\\.)[\\w./-]+)\``, "g");

  it.each(pages)("exists: %s", (page) => {
    const paths = [...read(join("..", page)).matchAll(named)].map(([, path = ""]) => path);
    const gone = paths.filter((path) => !/NAME|FAMILY/.test(path) && !existsSync(join(root, path)));
    expect(gone).toEqual([]);
  });
});
