import fc from "fast-check";
import type { Engine } from "../../shared/ports/engine.ts";
import { begin } from "../engine/driving.ts";
import { attribute, elementsOf, pageText, shapeOf } from "./elements.ts";
import { consoleStage } from "./fixtures.ts";

/** Texts that have broken other pages, and whatever fast-check finds. */
const nasty = fc.oneof(
  fc.constantFrom(
    ...[
      '"><script>alert(1)</script>',
      "</style><img src=x onerror=alert(1)>",
      "javascript:alert(1)",
      "' onclick='x",
    ],
    ...[
      "</pre></td><cwdb-action action='call'>",
      "<!--",
      "]]>",
      "&lt;b&gt;",
      "$" + "{7*7}",
      "\u202Egnp.exe",
      "a\u0000b",
    ],
    ...["</title><svg onload=x>", "<textarea>", "`", "\ud800", "x".repeat(5000)],
  ),
  fc.string({ unit: "binary" }),
);

/** A failed run whose every text that a person or a machine gives is this one; each page about it as HTML. */
async function pagesWith(text: string, loopback: boolean): Promise<string[]> {
  const stage = consoleStage();
  const { memory } = stage;
  const runId = await begin(memory, "scores", { params: { fails: true, words: text } });
  await memory.finish(runId);
  const { store } = memory.engine;
  const engine: Engine = {
    ...memory.engine,
    store: Object.assign(Object.create(store), {
      getRun: async (id: string) => {
        // A second run to compare it with.
        const run = await store.getRun(id === "twin" ? runId : id);
        return (
          run && {
            ...run,
            name: text,
            queue: text,
            cause: { kind: "manual", by: text },
            reason: text,
            tags: [text],
          }
        );
      },
      getSteps: async (keys: Parameters<typeof store.getSteps>[0]) =>
        (await store.getSteps(keys)).map((record) =>
          record.state === "FAILED"
            ? { ...record, error: { name: text, message: text, stack: [text], log: text } }
            : record,
        ),
    }),
  };
  memory.engine = engine;
  const where = loopback ? { loopback: { token: "t", kept: {} } } : {};
  const pages: string[] = [];
  const requests = [
    ...["steps", "timeline", "graph", "data", "artifacts", "log"].map((tab) => ({ page: "run", tab })),
    { page: "step", step: "add_up", text: text.slice(0, 200) },
  ];
  for (const request of [
    ...requests.map((each) => ({ ...each, runId })),
    { page: "map", step: "score_item", runId, view: "table" },
    { page: "compare", runs: [runId, "twin"], all: true },
  ]) {
    const answer = await stage.console({ ...request, ...where });
    pages.push(typeof answer === "string" ? answer : answer.html);
  }
  return pages;
}

test.each([
  ["the widget", false],
  ["loopback", true],
])(
  "no text makes an element or an attribute that the page of another text lacks, on %s",
  async (_, loopback) => {
    const expected = (await pagesWith("plain", loopback)).map(shapeOf);
    await fc.assert(
      fc.asyncProperty(
        nasty.filter((text) => text.trim() !== ""),
        async (text) => {
          expect((await pagesWith(text, loopback)).map(shapeOf)).toEqual(expected);
        },
      ),
      { numRuns: 25 },
    );
  },
);

test("characters that can't be seen, or that turn the text around, are made visible", async () => {
  const [page = ""] = await pagesWith("a\u0000b\u202Ec\u200Bd", false);
  expect(pageText(page)).toContain("a␀b⟨U+202E⟩c⟨U+200B⟩d");
  for (const hidden of ["\u0000", "\u202E", "\u200B"]) expect(page).not.toContain(hidden);
});

test("no link leads anywhere but to the console's own pages", async () => {
  for (const page of await pagesWith("javascript:alert(1)", true)) {
    const addresses = elementsOf(page).flatMap((element) => [
      ...["href", "src", "action"].flatMap((name) => attribute(element, name) ?? []),
    ]);
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.filter((address) => !/^\/(?!\/)/.test(address))).toEqual([]);
  }
});
