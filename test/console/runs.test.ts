import { begin } from "../engine/driving.ts";
import { countReads, failing } from "./count-reads.ts";
import { attribute, elementsOf, pageText, shapeOf } from "./elements.ts";
import { consoleStage, endpoints } from "./fixtures.ts";
import { Widget } from "./widget.ts";

async function dashboard() {
  const stage = consoleStage();
  const functions = { "millrace-dev-console": stage.console, "millrace-dev-console-act": stage.act };
  const widget = new Widget(functions, { page: "runs" });
  return { ...stage, widget, open: () => widget.refresh(endpoints.console) };
}

/** Ticks a run's box on the page of runs. */
function tick(widget: Widget, runId: string): void {
  widget.typed[`chosen.runs:${runId}`] = "yes";
}

const chosenButton = "Cancel or retry the chosen runs…";

describe("filters", () => {
  test("runs are found by a parameter, and the address keeps every filter", async () => {
    const { memory, widget, open, console } = await dashboard();
    const five = await begin(memory, "scores", { params: { items: 5 } });
    const six = await begin(memory, "scores", { params: { items: 6, failing: [2] } });
    await open();
    widget.typed["runs.param"] = "items=6";
    widget.typed["runs.cause"] = "manual";
    await widget.click("Show");
    expect(widget.buttons()).toContain(six);
    expect(widget.buttons()).not.toContain(five);
    const loopback = { token: "t", kept: {} };
    const answer = await console({
      page: "runs",
      param: "failing=2",
      cause: "manual",
      longer: "0",
      loopback,
    });
    const html = typeof answer === "string" ? answer : answer.html;
    expect(pageText(html)).toContain(six);
    const refresh = elementsOf(html).findLast(({ tagName }) => tagName === "a");
    const href = refresh === undefined ? "" : attribute(refresh, "href");
    expect(href).toBe("/runs?cause=manual&param=failing%3D2&longer=0");
  });

  test("runs are found by their cause, and the page says which filters the command lacks", async () => {
    const { memory, widget, open, console } = await dashboard();
    const runId = await begin(memory, "scores");
    await open();
    const page = pageText(String(await console({ page: "runs", cause: "schedule", without: "old" })));
    expect(page).not.toContain(runId);
    expect(page).toContain("The command below doesn't filter by cause, missing tag.");
    expect(pageText(widget.html)).toContain("started by hand");
  });

  test.each([
    ["a parameter without a value", { param: "alpha" }, "takes PATH=VALUE"],
    ["an unknown cause", { cause: "magic" }, "cause"],
  ])("%s is refused with a reason", async (_, filter, words) => {
    const { console } = await dashboard();
    const text = pageText(String(await console({ page: "runs", ...filter })));
    expect(text).toContain(words);
    expect(text).toContain("What to do");
  });

  test("a search that finds nothing in 1,000 runs says how far back it went, and goes on", async () => {
    const { memory, console } = await dashboard();
    for (let run = 0; run < 1010; run += 1) await begin(memory, "asks");
    const { port, counts } = countReads(memory.store);
    memory.engine = { ...memory.engine, store: port };
    const text = pageText(String(await console({ page: "runs", without: "old", longer: "999999" })));
    expect(text).toContain("0 shown. Searched 1000 runs back to 2021-10-04");
    expect(text).toContain("go on");
    expect(counts.listRuns).toBe(4);
    expect(counts.getRuns).toBeUndefined();
  });
});

test("a page of fifty runs takes one list, one batch of the fifty runs, one query a pipeline, and less than 80 KB", async () => {
  const { memory, console } = await dashboard();
  for (let run = 0; run < 60; run += 1) await begin(memory, "asks", { tags: ["team:growth"] });
  const { port, counts } = countReads(memory.store);
  memory.engine = { ...memory.engine, store: port };
  const page = String(await console({ page: "runs" }));
  expect(counts).toEqual({ listRuns: 2, getRuns: 1 });
  expect(Buffer.byteLength(page)).toBeLessThan(80_000);
});

test("a run's duration is compared with the median of its pipeline", async () => {
  const { memory, console } = await dashboard();
  const ended = await begin(memory, "scores");
  memory.clock.moveTo(memory.clock.now() + 60_000);
  await memory.finish(ended);
  await begin(memory, "scores");
  memory.clock.moveTo(memory.clock.now() + 120_000);
  expect(pageText(String(await console({ page: "runs" })))).toMatch(/2\.0 × the median, 1 min 00 s/);
});

test("a run's cost is shown, as it was kept at the end", async () => {
  const { memory, console } = await dashboard();
  const runId = await begin(memory, "scores");
  await memory.finish(runId);
  const { store } = memory.engine;
  const getRuns: typeof store.getRuns = async (ids) =>
    (await store.getRuns(ids)).map((run) => ({
      ...run,
      cost: { epoch: run.epoch, dollars: 0.42, atLeast: false, prices: "2026" },
    }));
  memory.engine = { ...memory.engine, store: Object.assign(Object.create(store), { getRuns }) };
  expect(pageText(String(await console({ page: "runs" })))).toContain("about $0.42");
});

test("causes, errors and costs that can't be read: the list stays, and the page says which part is missing", async () => {
  const { memory, console } = await dashboard();
  const runId = await begin(memory, "scores");
  memory.engine = { ...memory.engine, store: failing(memory.store, "getRuns", "Throttled") };
  const text = pageText(String(await console({ page: "runs" })));
  expect(text).toContain("Causes, errors and costs could not be read. Error: Throttled");
  expect(text).toContain(runId);
});

describe("several runs at once", () => {
  test("a preview says what would happen to each run, and why it can't", async () => {
    const { memory, widget, open } = await dashboard();
    const failed = await begin(memory, "scores", { params: { fails: true } });
    const done = await begin(memory, "scores");
    for (const runId of [failed, done]) await memory.finish(runId);
    const open1 = await begin(memory, "asks");
    await open();
    for (const runId of [failed, done, open1]) tick(widget, runId);
    await widget.click(chosenButton);
    const text = pageText(widget.html);
    expect(text).toContain("3 chosen runs");
    expect(text).toMatch(
      new RegExp(`${failed} .*– no: it has ended: FAILED ✓ yes: its steps without a result run again`),
    );
    expect(text).toMatch(new RegExp(`${done} .*– no: it has ended: SUCCEEDED – no: it has succeeded`));
    expect(text).toMatch(new RegExp(`${open1} .*✓ yes: nothing new starts; .* – no: it has not ended`));
    expect(widget.buttons()).toEqual(expect.arrayContaining(["Cancel 1 run", "Retry 1 run"]));
  });

  test("only the runs to which it can happen are changed, after a confirmation that names them", async () => {
    const { memory, widget, open } = await dashboard();
    const failed = await begin(memory, "scores", { params: { fails: true } });
    const done = await begin(memory, "scores");
    for (const runId of [failed, done]) await memory.finish(runId);
    await open();
    for (const runId of [failed, done]) tick(widget, runId);
    await widget.click(chosenButton);
    await widget.click("Retry 1 run");
    expect(widget.asked).toEqual([
      `Retry 1 run: ${failed} of scores? Their steps without a result run again; results that they have stay.`,
    ]);
    const text = pageText(widget.html);
    expect(text).toContain("1 of 1 runs were changed.");
    expect(text).toContain("✓ done it is RUNNING");
    expect((await memory.store.getRun(done))?.state).toBe("SUCCEEDED");
  });

  test("a stale preview is answered line by line: what was changed, and what was not and why", async () => {
    const { memory, widget, open } = await dashboard();
    const first = await begin(memory, "asks");
    const second = await begin(memory, "scores");
    await open();
    for (const runId of [first, second]) tick(widget, runId);
    await widget.click(chosenButton);
    await memory.finish(second);
    await widget.click("Cancel 2 runs");
    const text = pageText(widget.html);
    expect(text).toContain("1 of 2 runs were changed.");
    expect(text).toMatch(new RegExp(`${first} ✓ done it is CANCELL`));
    expect(text).toMatch(new RegExp(`${second} ✗ nothing was changed it is SUCCEEDED`));
  });

  test("one run is left out by its link", async () => {
    const { memory, widget, open } = await dashboard();
    const first = await begin(memory, "asks");
    const second = await begin(memory, "asks");
    await open();
    for (const runId of [first, second]) tick(widget, runId);
    await widget.click(chosenButton);
    await widget.click("leave out");
    expect(pageText(widget.html)).toContain("1 chosen run");
    expect(widget.buttons().filter((text) => [first, second].includes(text))).toHaveLength(1);
  });

  test("nothing is ticked, or a run doesn't exist: the page says so", async () => {
    const { console } = await dashboard();
    expect(pageText(String(await console({ page: "chosen" })))).toContain("No run is chosen.");
    expect(pageText(String(await console({ page: "chosen", runs: "r1" })))).toContain("there is no such run");
  });

  test("a run that doesn't exist doesn't keep the others from being changed", async () => {
    const { memory, act } = await dashboard();
    const runId = await begin(memory, "asks");
    const text = pageText(String(await act({ act: { action: "cancel-runs", runIds: ["r1", runId] } })));
    expect(text).toContain('RUN_NOT_FOUND: there is no run "r1"');
    expect(text).toContain("1 of 2 runs were changed.");
    const many = Array.from({ length: 51 }, (_, run) => `r${run}`);
    const refused = pageText(String(await act({ act: { action: "cancel-runs", runIds: many } })));
    expect(refused).toContain("Nothing was changed");
  });

  test("fifty runs are previewed with one batch read and less than 80 KB", async () => {
    const { memory, console } = await dashboard();
    const runs: string[] = [];
    for (let run = 0; run < 50; run += 1) runs.push(await begin(memory, "asks"));
    const { port, counts } = countReads(memory.store);
    memory.engine = { ...memory.engine, store: port };
    const page = String(await console({ page: "chosen", runs: runs.join(",") }));
    expect(counts).toEqual({ getRuns: 1 });
    expect(Buffer.byteLength(page)).toBeLessThan(80_000);
  });

  test.each([
    ["only what is ticked is sent", { "chosen.runs:r1": "yes" }],
    ["a box is sent as true or false", { "chosen.runs:r1": true, "chosen.runs:r2": false }],
    ["a box is sent as on or not at all", { "chosen.runs:r1": "on", "chosen.runs:r2": "" }],
  ])("%s: the ticked run is chosen", async (_, all) => {
    const { console } = await dashboard();
    const text = pageText(
      String(await console({ page: "chosen", form: "chosen", widgetContext: { forms: { all } } })),
    );
    expect(text).toContain("1 chosen run");
    expect(text).toContain("r1");
    expect(text).not.toContain("r2");
  });
});

test("no text of a run makes an element that the page of another text lacks", async () => {
  const pagesWith = async (text: string) => {
    const { memory, console } = await dashboard();
    const runId = await begin(memory, "scores", { params: { fails: true } });
    await memory.finish(runId);
    const { store } = memory.engine;
    const error = { step: text, name: text, message: text };
    const getRuns: typeof store.getRuns = async (ids) =>
      (await store.getRuns(ids)).map((run) => ({
        ...{ ...run, name: text, pipeline: text, error },
        cause: { kind: "manual" as const, by: text },
      }));
    const listRuns: typeof store.listRuns = async (...args) => {
      const page = await store.listRuns(...args);
      return {
        ...page,
        runs: page.runs.map((run) => ({ ...run, name: text, pipeline: text, tags: [text] })),
      };
    };
    memory.engine = { ...memory.engine, store: Object.assign(Object.create(store), { getRuns, listRuns }) };
    const pages = [
      await console({ page: "runs", param: `fails=true` }),
      await console({ page: "chosen", runs: `${runId},${text.replaceAll(",", "").slice(0, 200)}` }),
    ];
    return pages.map((page) => shapeOf(String(page)));
  };
  const expected = await pagesWith("plain");
  for (const text of [
    '"><script>1</script>',
    "</td><b>",
    "' onclick='x",
    "\u202Ex",
    "<!--",
    "x".repeat(5000),
  ])
    expect(await pagesWith(text)).toEqual(expected);
});

test("a filter that is typed with markup stays text", async () => {
  const { console } = await dashboard();
  const pageWith = async (text: string) =>
    shapeOf(String(await console({ page: "runs", pipeline: text, param: `a=${text}` })));
  expect(await pageWith('"><script>1</script>')).toEqual(await pageWith("plain"));
});
