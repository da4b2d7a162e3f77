import type { AliasMove } from "../../shared/ports/model-registry.ts";
import { moveOf, versionOf } from "../contract/model-registry.contract.ts";
import { countReads, failing } from "./count-reads.ts";
import { elementsOf, pageText, shapeOf, textOf } from "./elements.ts";
import { consoleStage, endpoints } from "./fixtures.ts";
import { Widget } from "./widget.ts";

const figures = {
  ...({ metric: "logLoss", better: "lower", minimumGain: 0.001 } as const),
  ...{ value: 0.39, base: 0.45, against: 1, data: "d1" },
};

/** A stage with the model ctr: so many versions, each better than the one before, and the champion of the newest two. */
async function stageWith(
  versions: number,
  moves: readonly AliasMove[] = [moveOf(1, 1), moveOf(2, 2, { figures })],
) {
  const stage = consoleStage();
  const { models } = stage.memory.engine;
  for (let version = 1; version <= versions; version += 1) {
    await models.reserveVersion("ctr", `source ${version}`);
    await models.putVersion(
      versionOf("ctr", version, { metrics: { logLoss: 0.5 - version / 100, rows: 7 } }),
    );
  }
  for (const move of moves) await models.moveAlias(move);
  const functions = { "millrace-dev-console": stage.console, "millrace-dev-console-act": stage.act };
  const widget = new Widget(functions);
  await widget.refresh(endpoints.console);
  await widget.click("Models");
  return { ...stage, widget };
}

/** The cells of a table's row, by the text of its first cell. */
function row(html: string, first: string): string[] | undefined {
  return elementsOf(html)
    .filter(({ tagName }) => tagName === "tr")
    .map((tr) => tr.childNodes.map(textOf))
    .find((cells) => cells[0] === first);
}

test("the list shows each model with its champion and the figure that decides", async () => {
  const { widget } = await stageWith(2);
  const text = pageText(widget.html);
  expect(text).toContain("version 2");
  expect(text).toContain("logLoss 0.48");
  expect(text).toContain("npx millrace models --json");
});

test("a model shows its versions side by side, with the best figure in words and where they come from", async () => {
  const { widget } = await stageWith(3);
  await widget.click("ctr");
  expect(row(widget.html, "logLoss (lower is better)")).toEqual([
    ...["logLoss (lower is better)", "0.47 (best)", "0.48", "0.49"],
  ]);
  // No gate has decided by it, so no direction of it is known.
  expect(row(widget.html, "rows")).toEqual(["rows", "7", "7", "7"]);
  expect(row(widget.html, "Made by")?.[1]).toMatch(/step train.* of run r/);
  expect(row(widget.html, "Parameter penalty")).toEqual(["Parameter penalty", "l2", "l2", "l2"]);
  const text = pageText(widget.html);
  expect(text).toContain("Version 2: champion");
  expect(text).toContain("1 → 2");
  expect(text).toContain("logLoss 0.3900 (lower is better), compared with version 1");
});

test("a version that is newer than the champion is named, with its run, and a champion that is the newest is not", async () => {
  const { widget } = await stageWith(3);
  await widget.click("ctr");
  expect(pageText(widget.html)).toContain("Version 3 is newer than the champion, version 2.");
  const { widget: other } = await stageWith(2);
  await other.click("ctr");
  expect(pageText(other.html)).not.toContain("newer than the champion");
});

test("versions are chosen by their numbers, and unknown ones are refused", async () => {
  const { widget, console } = await stageWith(4);
  await widget.click("ctr");
  widget.typed["versions.versions"] = "1,4";
  await widget.click("Compare");
  expect(row(widget.html, "logLoss (lower is better)")).toEqual([
    ...["logLoss (lower is better)", "0.46 (best)", "0.49"],
  ]);
  const unknown = pageText(String(await console({ page: "models", name: "ctr", versions: "9" })));
  expect(unknown).toContain('model "ctr" has no version 9');
  const none = pageText(String(await console({ page: "models", name: "taxi" })));
  expect(none).toContain('there is no model "taxi"');
});

test("a version is promoted by hand with a reason, after a confirmation that names model, version and effect", async () => {
  const { widget, memory } = await stageWith(3);
  await widget.click("ctr");
  widget.typed["promote3champion.why"] = "calibrated better";
  await widget.click("Make version 3 champion");
  expect(widget.asked).toEqual([
    "Make version 3 of model ctr its champion? Whatever reads the champion uses version 3 from then on. Version 2 loses it. No gate decides.",
  ]);
  expect(pageText(widget.html)).toContain("champion of ctr is version 3 now; it was version 2.");
  expect(await memory.engine.models.getAlias("ctr", "champion")).toBe(3);
  await widget.click("Look at model ctr");
  expect(pageText(widget.html)).toContain("calibrated better");
});

test("a promotion without a reason is refused", async () => {
  const { widget, memory } = await stageWith(3);
  await widget.click("ctr");
  await widget.click("Make version 3 champion");
  expect(pageText(widget.html)).toContain("why: is empty; the log keeps the reason");
  expect(await memory.engine.models.getAlias("ctr", "champion")).toBe(2);
});

test("an alias is rolled back to the version before, and a stale page changes nothing", async () => {
  const { widget, memory } = await stageWith(3);
  await widget.click("ctr");
  widget.typed["rollbackchampion.why"] = "worse in production";
  const stale = widget.html;
  await widget.click("Roll champion back to version 1");
  expect(widget.asked).toEqual([
    "Roll champion of model ctr back from version 2 to version 1? Whatever reads the champion uses version 1 from then on.",
  ]);
  expect(pageText(widget.html)).toContain("champion of ctr is version 1 now; it was version 2.");
  widget.html = stale;
  await widget.click("Roll champion back to version 1");
  expect(pageText(widget.html)).toContain(
    'alias "champion" of model ctr is version 1, not 2; nothing was changed',
  );
  expect(await memory.engine.models.getAlias("ctr", "champion")).toBe(1);
});

test("versions that were tested on different data are said not to compare", async () => {
  const other = moveOf(2, 2, { figures: { ...figures, data: "d2" } });
  const { widget } = await stageWith(2, [moveOf(1, 1, { figures }), other]);
  await widget.click("ctr");
  expect(pageText(widget.html)).toContain("were tested on different data: their figures do not compare");
});

test("a stage without models says how to register one", async () => {
  const { console } = consoleStage();
  expect(pageText(String(await console({ page: "models" })))).toContain("No model is registered.");
});

test("the log of aliases fails: the page says so, and shows the versions", async () => {
  const { memory, console } = await stageWith(2);
  const models = failing(memory.engine.models, "listMoves", "Throttled");
  memory.engine = { ...memory.engine, models };
  const one = pageText(String(await console({ page: "models", name: "ctr" })));
  expect(one).toContain("The log of aliases could not be read. Error: Throttled");
  expect(one).toContain("Version 2: champion");
  const all = pageText(String(await console({ page: "models" })));
  expect(all).toContain("Model ctr could not be read.");
});

test("a model with 60 versions takes four reads and less than 80 KB", async () => {
  const { memory, console } = await stageWith(60);
  const { port, counts } = countReads(memory.engine.models);
  memory.engine = { ...memory.engine, models: port };
  const page = String(await console({ page: "models", name: "ctr" }));
  expect(counts).toEqual({ newestVersions: 1, listAliases: 1, listMoves: 1, getVersion: 1 });
  expect(Buffer.byteLength(page)).toBeLessThan(80_000);
});

test("the list of versions goes on below its last one, beside an old champion", async () => {
  const { widget } = await stageWith(60);
  await widget.click("ctr");
  expect(widget.buttons()).toContain("Version 11");
  expect(widget.buttons()).not.toContain("Version 10");
  expect(pageText(widget.html)).toContain("Version 2: champion");
  await widget.click("Go on with versions below 11");
  expect(widget.buttons()).toContain("Version 1");
  expect(widget.buttons()).not.toContain("Version 11");
  await widget.click("The newest versions");
  expect(widget.buttons()).toContain("Version 60");
});

test("no text of a model makes an element that the page of another text lacks", async () => {
  const pageWith = async (text: string) => {
    const move = moveOf(1, 1, { why: text, by: { person: text } });
    const stage = await stageWith(0, [move]);
    const { models } = stage.memory.engine;
    await models.putVersion(
      versionOf("ctr", 1, {
        ...{ metrics: { [text]: 1 }, parameters: { [text]: text }, tags: { [text]: text }, commit: text },
        ...{ digest: text, registeredBy: { person: text } },
      }),
    );
    return shapeOf(String(await stage.console({ page: "models", name: "ctr" })));
  };
  const expected = await pageWith("plain");
  for (const text of ['"><script>1</script>', "</td><b>", "' onclick='x", "\u202Ex", "<!--"])
    expect(await pageWith(text)).toEqual(expected);
});
