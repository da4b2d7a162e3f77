import { begin } from "../engine/driving.ts";
import { pageText } from "./elements.ts";
import { consoleStage, endpoints } from "./fixtures.ts";
import { Widget } from "./widget.ts";

/** A dashboard that shows a stage's console. */
async function dashboard(theme: "light" | "dark" = "light") {
  const stage = consoleStage();
  const functions = { "millrace-dev-console": stage.console, "millrace-dev-console-act": stage.act };
  const widget = new Widget(functions, {}, theme);
  const refresh = () => widget.refresh(endpoints.console);
  const open = async () => {
    await refresh();
    await widget.click("Runs");
  };
  return { ...stage, widget, refresh, open };
}

test("an empty stage says how to start a run", async () => {
  const { widget, open } = await dashboard();
  await open();
  expect(pageText(widget.html)).toContain("No run matches. Start one with npx millrace start PIPELINE");
});

test("a failed run says why and what to do, and is retried by its button after a confirmation", async () => {
  const { memory, widget, open } = await dashboard();
  const runId = await begin(memory, "scores", { params: { fails: true, words: "the file has no header" } });
  await memory.finish(runId);
  await open();
  await widget.click(runId);
  const text = pageText(widget.html);
  expect(text).toContain("add_up: the file has no header");
  expect(text).toContain("✗ failed");
  expect(widget.buttons()).not.toContain("Cancel");
  await widget.click("Retry");
  expect(widget.asked).toEqual([
    `Retry run ${runId} of scores? Its steps without a result run again; results that it has stay.`,
  ]);
  expect(pageText(widget.html)).toContain(`Run ${runId} is now RUNNING.`);
  await widget.click(`Look at run ${runId}`);
  expect(pageText(widget.html)).toContain("2: retried by hand once");
});

test("a refresh stays on the page that was open", async () => {
  const { memory, widget, open, refresh } = await dashboard();
  const runId = await begin(memory, "scores");
  await memory.finish(runId);
  await open();
  await widget.click(runId);
  await widget.click("Timeline");
  await refresh();
  expect(pageText(widget.html)).toContain("From the request to the end");
});

test("a page's place that makes no sense any more opens the first page", async () => {
  const { widget, open, refresh } = await dashboard();
  await open();
  widget.typed.at = '{"page":"nothing"}';
  await refresh();
  expect(pageText(widget.html)).toContain("Home");
});

test("runs are filtered by the fields of the form, and an empty field takes a filter away", async () => {
  const { memory, widget, open } = await dashboard();
  const failed = await begin(memory, "scores", { params: { fails: true } });
  const other = await begin(memory, "scores", { tags: ["team:growth"] });
  for (const runId of [failed, other]) await memory.finish(runId);
  await open();
  widget.typed["runs.state"] = "FAILED";
  await widget.click("Show");
  expect(widget.buttons()).toContain(failed);
  expect(widget.buttons()).not.toContain(other);
  widget.typed["runs.state"] = "";
  widget.typed["runs.without"] = "team:growth";
  await widget.click("Show");
  expect(widget.buttons()).toContain(failed);
  expect(widget.buttons()).not.toContain(other);
  widget.typed["runs.without"] = "";
  await widget.click("Show");
  expect(widget.buttons()).toContain(other);
});

test("a step that waits for a person is approved from the run's page", async () => {
  const { memory, widget, open } = await dashboard();
  const runId = await begin(memory, "asks");
  while (await memory.turn());
  await open();
  await widget.click(runId);
  expect(pageText(widget.html)).toContain("waits for an answer: Ship <b>it</b>?");
  await widget.click("Approve ask");
  expect(widget.asked[0]).toContain(`run ${runId}`);
  await memory.finish(runId);
  await widget.click(`Look at run ${runId}`);
  expect(pageText(widget.html)).toContain("✓ succeeded");
});

test("tags are changed by a form", async () => {
  const { memory, widget, open } = await dashboard();
  const runId = await begin(memory, "scores", { tags: ["old"] });
  await open();
  await widget.click(runId);
  widget.typed["tag.add"] = "new, newer";
  widget.typed["tag.remove"] = "old";
  await widget.click("Change tags");
  expect(pageText(widget.html)).toContain(`Run ${runId} now has the tags new newer.`);
});

test("a button of a stale page says what has become of the run", async () => {
  const { memory, widget, open } = await dashboard();
  const runId = await begin(memory, "scores");
  await open();
  await widget.click(runId);
  await memory.finish(runId);
  await widget.click("Cancel");
  expect(pageText(widget.html)).toMatch(/It has ended since: SUCCEEDED at 2021-10-04 16:21/);
});

test("every tab of a run is drawn in both themes", async () => {
  for (const theme of ["light", "dark"] as const) {
    const { memory, widget, open } = await dashboard(theme);
    const runId = await begin(memory, "scores");
    await memory.finish(runId);
    await open();
    await widget.click(runId);
    for (const tab of ["Steps", "Timeline", "Graph", "Inputs and results", "Artifacts", "Log"]) {
      await widget.click(tab);
      expect(widget.html).toContain(`class="mr mr-${theme}"`);
      expect(pageText(widget.html)).not.toContain("could not be read");
    }
  }
});

describe("an event that is not as expected is answered with a page", () => {
  test.each([
    ["none", undefined],
    ["null", null],
    ["a text", "text"],
    ["a list", [1, 2]],
    ["no context", {}],
    ["a context of another shape", { widgetContext: { theme: 7, timezone: "x", forms: [], widgetId: {} } }],
  ])("%s: the first page", async (_, event) => {
    const answer = await consoleStage().console(event);
    expect(pageText(String(answer))).toContain("All is well.");
  });

  test.each([
    ["an unknown page", { page: "nothing" }, "page: is none of home, runs, run"],
    ["a page that is no text", { page: {} }, "page: is none of"],
    ["an unknown run", { page: "run", runId: "r1" }, 'there is no run "r1"'],
    ["an unknown filter", { page: "runs", colour: "red" }, "Unrecognized key"],
    ["a wrong filter", { page: "runs", state: "failed" }, "state.0"],
    ["an unknown tab", { page: "run", runId: "r1", tab: "x" }, "tab"],
  ])("%s: why, and what to do", async (_, event, words) => {
    const text = pageText(String(await consoleStage().console(event)));
    expect(text).toContain(words);
    expect(text).toContain("What to do: ");
    expect(text).toContain("Request id: request-1");
  });

  test.each([
    ["no change", {}, "act: is missing"],
    ["an unknown change", { act: { action: "explode" } }, "action: is none of"],
    [
      "a change of a run that doesn't exist",
      { act: { action: "cancel", runId: "r1" } },
      'there is no run "r1"',
    ],
  ])("%s: nothing was changed", async (_, event, words) => {
    const text = pageText(String(await consoleStage().act(event)));
    expect(text).toContain("Nothing was changed");
    expect(text).toContain(words);
  });

  test("describe: Markdown with an example of the parameters, from both functions", async () => {
    const stage = consoleStage();
    expect(await stage.console({ describe: true })).toMatch(/^## Millrace console\n[\s\S]*```yaml\n/);
    expect(await stage.act({ describe: true })).toMatch(/```yaml\n/);
  });

  test("an error of the store: the words, and the request id", async () => {
    const stage = consoleStage();
    const { engine } = stage.memory;
    stage.memory.engine = {
      ...engine,
      store: Object.assign(Object.create(engine.store), {
        listRuns: () => Promise.reject(new Error("ProvisionedThroughputExceeded")),
      }),
    };
    const text = pageText(String(await stage.console({ page: "runs" })));
    expect(text).toContain("ProvisionedThroughputExceeded");
    expect(text).toContain("request-1");
  });
});

describe("the widget refuses what CloudWatch would ignore", () => {
  const shown = (html: string) =>
    new Widget({ "millrace-dev-console": async () => html }).refresh(endpoints.console);
  const call = (attributes: string, json = "{}") =>
    `<cwdb-action action="call" ${attributes}>${json}</cwdb-action>`;

  test.each([
    ["nothing before the action", call('endpoint="a"'), "no element before"],
    ["no endpoint", `<button>a</button>${call("")}`, "no endpoint"],
    ["a call on mouseenter", `<button>a</button>${call('endpoint="a" event="mouseenter"')}`, "mouseenter"],
    ["JSON that does not parse", `<button>a</button>${call('endpoint="a"', "{")}`, "JSON"],
    ["a script", "<script>1</script>", "<script>"],
    ["a handler", '<p onclick="x">a</p>', "onclick"],
  ])("%s", async (_, html, words) => {
    await expect(shown(html)).rejects.toThrow(words);
  });
});
