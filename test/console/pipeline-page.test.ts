import { begin, runOf } from "../engine/driving.ts";
import { countReads } from "./counted-reads.ts";
import { attribute, elementsOf, pageText } from "./elements.ts";
import { watchedStage } from "./watched-stage.ts";

const page = { page: "pipeline", pipeline: "nightly" };

/** A stage with some runs of the pipeline, of which the last failed. */
async function withRuns(count: number) {
  const stage = watchedStage();
  const ids: string[] = [];
  for (let place = 0; place < count; place += 1) {
    const isLast = place === count - 1;
    const params = { alpha: place + 1, ...(isLast && { failsAt: 12 }) };
    ids.push(await begin(stage.memory, "nightly", { params }));
  }
  for (const runId of ids) await stage.memory.finish(runId);
  return { ...stage, ids };
}

describe("the page of a pipeline", () => {
  it("says what starts it, when it runs next, and that it has no run yet", async () => {
    const { show } = watchedStage();
    const text = pageText(await show(page));
    expect(text).toContain("cron 0 3 * * * in the stage's time zone");
    expect(text).toContain("2021-10-05 03:00:00");
    expect(text).toContain("It has no run yet");
    expect(text).toContain("npx millrace runs --pipeline nightly --limit 30 --json");
  });

  it("shows its last runs as a strip with a table, and how many succeeded", async () => {
    const { show, ids } = await withRuns(4);
    const html = await show(page);
    const text = pageText(html);
    expect(text).toContain("75 %: 3 of 4 that ended by themselves");
    expect(text).toContain("Median duration");
    const picture = elementsOf(html).find((each) => attribute(each, "class") === "mr-chart");
    expect(picture && attribute(picture, "aria-label")).toContain("The last 4 runs, oldest first: 1 failed");
    for (const runId of ids) expect(text).toContain(runId);
  });

  it("draws the graph, with a table that says the same", async () => {
    const { show } = watchedStage();
    const html = await show({ page: "pipeline", pipeline: "scores" });
    const graph = elementsOf(html).find((each) => attribute(each, "class") === "mr-graph");
    expect(graph && attribute(graph, "aria-label")).toBe("Graph of scores with 3 steps");
    expect(pageText(html)).toContain("Step Kind Follows");
  });

  it("reads in one round, however many runs there are, and has at most 100 KB", async () => {
    const { memory, console } = await withRuns(40);
    const reads = countReads(memory.engine);
    memory.engine = reads.engine;
    const html = String(await console(page));
    expect(reads.counts).toEqual({ list: 1, listRuns: 1 });
    expect(reads.rounds()).toBe(1);
    expect(Buffer.byteLength(html)).toBeLessThan(100_000);
  });

  it("says which of its parts could not be read, and shows the rest", async () => {
    const { memory, console } = watchedStage();
    const { engine } = memory;
    const fail = () => Promise.reject(new Error("ProvisionedThroughputExceeded"));
    memory.engine = {
      ...engine,
      store: Object.assign(Object.create(engine.store), { listRuns: fail }),
      schedules: Object.assign(Object.create(engine.schedules), { list: fail }),
    };
    const text = pageText(String(await console(page)));
    expect(text).toContain("Its runs could not be read.");
    expect(text).toContain("Its schedules could not be read.");
    expect(text).toContain("Start a run");
  });

  it.each([
    [{ page: "pipeline", pipeline: "nothing" }, "PIPELINE_NOT_FOUND"],
    [{ ...page, again: "nothing" }, "there is no run"],
  ])("answers %j with a panel that says what is wrong", async (request, words) => {
    const { show } = watchedStage();
    expect(pageText(await show(request))).toContain(words);
  });
});

describe("the form of a pipeline", () => {
  it("starts a run with parameters in their types", async () => {
    const { memory, widget, open } = watchedStage();
    await open();
    await widget.click("nightly");
    widget.typed["start.text.region"] = "eu";
    widget.typed["start.json.limit"] = "7";
    widget.typed["start.json.alphas"] = "[1, 2]";
    widget.typed["start.json.dry"] = "true";
    widget.typed["start.tags"] = "team:growth";
    await widget.click("Start a run");
    expect(widget.asked).toEqual(["Start a run of nightly with these parameters?"]);
    const { runs } = await memory.store.listRuns({}, 10);
    const [run] = runs;
    expect(run?.tags).toEqual(["team:growth"]);
    expect((await runOf(memory, run?.runId ?? "")).params).toMatchObject({
      ...{ region: "eu", limit: 7, alphas: [1, 2], dry: true, alpha: 0.5, mode: "fast" },
    });
    expect(pageText(widget.html)).toContain(`Run ${run?.runId} has been started.`);
  });

  it("names each field whose value does not fit, and starts nothing", async () => {
    const { memory, widget, open } = watchedStage();
    await open();
    await widget.click("nightly");
    widget.typed["start.json.alpha"] = "much";
    widget.typed["start.json.limit"] = "1.5";
    await widget.click("Start a run");
    const text = pageText(widget.html);
    expect(text).toContain('params.alpha is "much"');
    expect(text).toContain("params.limit is 1.5");
    expect((await memory.store.listRuns({}, 10)).runs).toEqual([]);
    await widget.click("Look at pipeline nightly");
    expect(pageText(widget.html)).toContain("Start a run");
  });

  it("starts one run, however often its answer is lost", async () => {
    const { memory, act } = watchedStage();
    const request = {
      action: "start",
      pipeline: "nightly",
      scheduledAt: "2021-10-04T12:00:00Z",
      key: "console",
    };
    await act({ act: request });
    expect(pageText(String(await act({ act: request })))).toContain("Nothing was started");
    expect((await memory.store.listRuns({}, 10)).runs).toHaveLength(1);
  });

  it("begins with the parameters of a run, if it is opened from there", async () => {
    const { widget, open, ids } = await withRuns(3);
    await open();
    await widget.click("Runs");
    await widget.click(ids[1] ?? "");
    await widget.click("Again with these parameters");
    expect(pageText(widget.html)).toContain(`The parameters are those of run ${ids[1]}`);
    const field = elementsOf(widget.html).find((each) => attribute(each, "name") === "start.json.alpha");
    expect(field && attribute(field, "value")).toBe("2");
  });

  it("refuses a run of another pipeline to begin with", async () => {
    const { memory, show } = watchedStage();
    const runId = await begin(memory, "scores");
    const text = pageText(await show({ ...page, again: runId }));
    expect(text).toContain("The form of its parameters could not be read.");
    expect(text).toContain(`run ${runId} is a run of scores`);
  });
});

test("a schedule is switched on and off from its pipeline's page", async () => {
  const { widget, open, memory } = watchedStage();
  await open();
  await widget.click("nightly");
  await widget.click("Switch off");
  expect(widget.asked[0]).toContain("Switch schedule default of nightly off?");
  expect(pageText(widget.html)).toContain("Schedule default of nightly is now off.");
  expect((await memory.engine.schedules.get({ pipeline: "nightly", name: "default" }))?.active).toBe(false);
  await widget.click("Look at pipeline nightly");
  await widget.click("Switch on");
  expect(pageText(widget.html)).toMatch(/is now on\. Its next run is for 2021-10-0\d \d\d:00:00/);
});
