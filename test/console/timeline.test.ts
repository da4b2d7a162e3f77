import * as z from "zod";
import { definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { begin } from "../engine/driving.ts";
import { attribute, elementsOf, pageText } from "./elements.ts";
import { consoleStage } from "./fixtures.ts";

/** The timeline of a run in which a second passes with every step and child. */
async function timeline(items: number) {
  const pass = () => stage.memory.clock.moveTo(stage.memory.clock.now() + 1000);
  const timed = definePipeline({ name: "timed", params: z.strictObject({ items: z.int() }) }, (define) => {
    const list = define.step(
      "list_items",
      lambda({ items: define.params.items }, ({ items }) => {
        pass();
        return Array.from({ length: items }, (_, item) => item);
      }),
    );
    define.step("aside", lambda({}, pass));
    const scored = define.map("score_item", list, (item) =>
      lambda({ item }, ({ item }) => {
        pass();
        return item;
      }),
    );
    define.step(
      "add_up",
      lambda({ scored }, ({ scored }) => scored.length),
    );
  });
  const stage = consoleStage(undefined, [timed]);
  const runId = await begin(stage.memory, "timed", { params: { items } });
  await stage.memory.finish(runId);
  const page = String(await stage.console({ page: "run", runId, tab: "timeline" }));
  const pictures = elementsOf(page)
    .filter((each) => attribute(each, "class") === "mr-bar")
    .map((each) => attribute(each, "aria-label"));
  return { text: pageText(page), pictures };
}

test("the timeline names the steps of the critical path, and those beside it are not on it", async () => {
  const { text } = await timeline(3);
  expect(text).toContain("Critical path: list_items → score_item → add_up .");
  expect(text).toMatch(/3 children, at most [1-3] at once yes/);
  expect(text).toMatch(/aside waits for upstream [\d.]+ s, succeeded [\d.]+ s 2021/);
});

test("a small map is drawn as the count of its children over time", async () => {
  const { pictures } = await timeline(5);
  expect(pictures[2]).toMatch(/^succeeded, 5 children, at most [1-5] under way at once$/);
});

test("a map whose children were not read is one bar", async () => {
  const { pictures } = await timeline(101);
  expect(pictures[2]).toMatch(/succeeded \d min \d\d s$/);
});
