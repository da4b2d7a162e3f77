import { startBackfill } from "../../shared/backfill/start-backfill.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import { begin } from "../engine/driving.ts";
import { pageText, shapeOf } from "./elements.ts";
import { passHours, watchedStage } from "./watched-stage.ts";

/** A stage whose every text that a person or a machine gives is this one; the pages for who watches it, as HTML. */
async function pagesWith(text: string, loopback: boolean): Promise<string[]> {
  const { memory, console } = watchedStage(Date.parse("2021-10-04T02:30:00Z"));
  await passHours(memory, 1);
  const failed = await begin(memory, "scores", { params: { fails: true, words: text } });
  await memory.finish(failed);
  const again = await begin(memory, "nightly", { params: { region: text } });
  await begin(memory, "asks");
  while (await memory.turn());
  const { id } = await startBackfill(memory.engine, {
    ...{ pipeline: "nightly", from: "2021-10-01", to: "2021-10-02", every: "hour" },
    ...{ concurrency: 1, retryFailed: false },
  });
  const { engine } = memory;
  const { store, backfills } = engine;
  const hostile: Engine = {
    ...engine,
    store: Object.assign(Object.create(store), {
      getRun: async (runId: string) => {
        const run = await store.getRun(runId);
        const error = { step: text, name: text, message: text };
        return run && { ...run, name: text, ...(run.error && { error }) };
      },
      listRuns: async (...args: Parameters<typeof store.listRuns>) => {
        const page = await store.listRuns(...args);
        return { ...page, runs: page.runs.map((run) => ({ ...run, name: text, tags: [text] })) };
      },
      getRuns: async (ids: readonly string[]) => {
        const error = { step: text, name: text, message: text };
        return (await store.getRuns(ids)).map((run) => ({ ...run, name: text, ...(run.error && { error }) }));
      },
      waitingApprovals: async (limit: number) =>
        (await store.waitingApprovals(limit)).map((record) => ({ ...record, message: text })),
    }),
    backfills: Object.assign(Object.create(backfills), {
      get: async (key: string) => {
        const found = await backfills.get(key);
        return found && { ...found, rule: text, reason: text };
      },
      list: async (limit: number) =>
        (await backfills.list(limit)).map((each) => ({ ...each, state: text, reason: text })),
    }),
  };
  memory.engine = hostile;
  const where = loopback ? { loopback: { token: "t", kept: {} } } : {};
  const pages: string[] = [];
  for (const request of [
    { page: "home" },
    { page: "pipeline", pipeline: "nightly", again },
    { page: "schedules" },
    { page: "backfill" },
    { page: "backfill", backfill: id },
  ]) {
    const answer = await console({ ...request, ...where });
    pages.push(typeof answer === "string" ? answer : answer.html);
  }
  return pages;
}

const nasty = [
  '"><script>alert(1)</script>',
  "</style><img src=x onerror=alert(1)>",
  "</td></table><cwdb-action action='call'>",
  "</title></svg><svg onload=x>",
  "' onclick='x",
  "\u202Egnp.exe\u0000",
  "\ud800",
  "x".repeat(5000),
];

test.each([
  ["the widget", false],
  ["loopback", true],
])("no text makes an element or an attribute on the pages for who watches, on %s", async (_, loopback) => {
  const expected = (await pagesWith("plain", loopback)).map(shapeOf);
  for (const text of nasty) {
    const pages = await pagesWith(text, loopback);
    expect(pages.map(shapeOf)).toEqual(expected);
  }
});

test("characters that turn text around are made visible on them", async () => {
  for (const page of await pagesWith("a\u202Eb", false)) {
    expect(page).not.toContain("\u202E");
    expect(pageText(page)).not.toContain("can't be shown");
  }
});
