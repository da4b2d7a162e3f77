import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { begin } from "../../test/engine/driving.ts";
import { sampleEvent } from "../../test/sample-event.ts";
import { cron, definePipeline, lambda, wait, workQueue } from "../pipeline/index.ts";
import { RequestError } from "../platform/parse-request.ts";
import { MemoryEngine } from "../testing/memory-engine.ts";
import { manage, manageRequest } from "./manage.ts";

const samples = readdirSync(join(import.meta.dirname, "../../events"))
  .filter((file) => file.startsWith("manage-"))
  .map((file) => file.replace(/\.json$/, ""));
const actions = manageRequest.options.map(({ shape }) => shape.action.value);

/** For each action, a request with one wrong field. If an action takes no fields, the request has one anyway. */
const wrong: [request: { action: string; [field: string]: unknown }, field: string][] = [
  [{ action: "start" }, "pipeline"],
  [{ action: "start", pipeline: "p", tags: ["two words"] }, "tags.0"],
  [{ action: "cancel" }, "runId"],
  [{ action: "retry", runId: "" }, "runId"],
  [{ action: "cancel-runs", runIds: [] }, "runIds"],
  [{ action: "retry-runs", runIds: ["r", ""] }, "runIds.1"],
  [{ action: "rerun", runId: "r", key: 7 }, "key"],
  [{ action: "pause" }, "runId"],
  [{ action: "resume", runId: null }, "runId"],
  [{ action: "approve", runId: "r", step: "s" }, "by"],
  [{ action: "tag", runId: "r", add: "keep" }, "add"],
  [{ action: "tag", runId: "r", add: [], remove: ["#"] }, "remove.0"],
  [{ action: "runs", state: "failed" }, "state"],
  [{ action: "runs", since: "yesterday" }, "since"],
  [{ action: "limit", limit: "gpu", slots: 2 }, "limit"],
  [{ action: "limit", limit: "queue/gpu", slots: -1 }, "slots"],
  [{ action: "queue", queue: "" }, "queue"],
  [{ action: "queues", queue: "gpu" }, ""],
  [{ action: "schedule", pipeline: "p", active: "yes" }, "active"],
  [{ action: "schedules", upcoming: -1 }, "upcoming"],
  [{ action: "backfill", pipeline: "p", from: "2021-04-01", to: "2021-06-01", every: "year" }, "every"],
  [
    { action: "backfill", pipeline: "p", from: "2021-04-01", to: "2021-06-01", concurrency: 0 },
    "concurrency",
  ],
  [{ action: "backfill-cancel" }, "backfill"],
  [{ action: "backfill-resume", backfill: "b", retryFailed: 1 }, "retryFailed"],
  [{ action: "backfill-progress" }, "backfill"],
  [{ action: "backfills", limit: 0 }, "limit"],
  [{ action: "models", name: "ctr" }, ""],
  [{ action: "model" }, "name"],
  [{ action: "model-version", name: "ctr" }, "version"],
  [{ action: "model-compare", name: "ctr", a: 1 }, "b"],
  [{ action: "model-log", name: "" }, "name"],
  [{ action: "model-alias", name: "ctr", alias: "champion", version: 1, by: "ana" }, "why"],
  [{ action: "model-rollback", name: "ctr", by: "ana", why: "worse" }, "from"],
];

describe("a request to manage", () => {
  it("has a sample, and a sample that is refused, for each action", () => {
    expect(samples.map((name) => name.replace("manage-", "")).sort()).toEqual([...actions].sort());
    expect([...new Set(wrong.map(([{ action }]) => action))].sort()).toEqual([...actions].sort());
  });

  it.each(samples)("is parsed as in the sample %s", (name) => {
    expect(manageRequest.safeParse(sampleEvent(name)).error).toBeUndefined();
  });

  it.each(wrong)("that is invalid names the field, and does nothing: %j", async (request, field) => {
    const { error } = manageRequest.safeParse(request);
    expect(error?.issues.map(({ path }) => path.join("."))).toEqual([field]);
    await expect(manage(new MemoryEngine([]).engine, request)).rejects.toThrow(RequestError);
  });

  it("with an unknown action is refused, and names the known ones", async () => {
    const asked = manage(new MemoryEngine([]).engine, { action: "stop" });
    await expect(asked).rejects.toThrow(/^action: is none of start, cancel, retry, .*, model-rollback$/);
  });
});

const gpu = workQueue("gpu", { limit: 1 });
const training = definePipeline(
  {
    name: "training",
    params: z.strictObject({ alpha: z.number().default(1) }),
    queue: gpu,
    tags: ["team:growth"],
    triggers: [cron("0 3 * * *")],
  },
  ({ params, step }) => {
    const waited = step("wait", wait({ seconds: 60 }));
    step(
      "fit",
      lambda({ alpha: params.alpha }, ({ alpha }) => alpha),
      { after: [waited] },
    );
  },
);

function stage() {
  const memory = new MemoryEngine([training], {}, Date.parse("2021-10-04T12:00:00Z"));
  return { memory, asks: (request: object) => manage(memory.engine, request) };
}

describe("a rerun of a run", () => {
  it("is a new run with the parameters, time and tags of the first, which stays unchanged", async () => {
    const { memory, asks } = stage();
    const runId = await begin(memory, "training", { params: { alpha: 7 }, tags: ["keep"] });
    const first = await memory.finish(runId);
    const again = await asks({ action: "rerun", runId });
    expect(again).toMatchObject({ created: true });
    const run = await memory.finish((again as { runId: string }).runId);
    expect(run).toMatchObject({
      state: "SUCCEEDED",
      params: { alpha: 7 },
      scheduledAt: first.scheduledAt,
      tags: ["keep", "team:growth"],
      cause: { kind: "rerun", runId },
    });
    expect(run.runId).not.toBe(runId);
    expect(await memory.store.getRun(runId)).toEqual(first);
  });

  it("starts once for each key", async () => {
    const { memory, asks } = stage();
    const runId = await begin(memory, "training");
    const ids = new Set<unknown>();
    for (const key of ["", "", "b", "b"]) {
      ids.add(((await asks({ action: "rerun", runId, key })) as { runId: string }).runId);
    }
    expect(ids.size).toBe(2);
    expect((await memory.store.listRuns({}, 10)).runs).toHaveLength(3);
  });

  it("of an unknown run is refused", async () => {
    await expect(stage().asks({ action: "rerun", runId: "r" })).rejects.toThrow('there is no run "r"');
  });
});

describe("tags", () => {
  it("are added and removed, each once, and runs are found by them", async () => {
    const { memory, asks } = stage();
    const runId = await begin(memory, "training", { tags: ["draft"] });
    await begin(memory, "training", { key: "other" });
    const tagged = { action: "tag", runId, add: ["keep", "keep"], remove: ["draft", "unknown"] };
    expect(await asks(tagged)).toEqual({ runId, tags: ["keep", "team:growth"] });
    expect(await asks(tagged)).toEqual({ runId, tags: ["keep", "team:growth"] });
    expect(await asks({ action: "runs", tag: "keep" })).toMatchObject({ runs: [{ runId }] });
    expect(await asks({ action: "runs", tag: "draft" })).toEqual({ runs: [] });
    await expect(asks({ action: "runs", pipeline: "nope" })).rejects.toThrow('there is no pipeline "nope"');
    expect(await asks({ action: "runs", tag: "team:growth", limit: 1 })).toHaveProperty("next");
  });

  it("are limited to twenty", async () => {
    const { memory, asks } = stage();
    const runId = await begin(memory, "training");
    const add = Array.from({ length: 20 }, (_, place) => `t${place}`);
    await expect(asks({ action: "tag", runId, add })).rejects.toThrow("would have 21 tags; at most 20");
    expect(await asks({ action: "tag", runId, add, remove: ["team:growth"] })).toHaveProperty(
      "tags.length",
      20,
    );
  });

  it("that are invalid are mistakes in a definition", () => {
    const define = (tags: string[]) =>
      definePipeline({ name: "p", params: z.strictObject({}), tags }, ({ step }) =>
        step(
          "only",
          lambda({}, () => 1),
        ),
      );
    expect(() => define(["two words"])).toThrow(/tags\.0: is "two words"; it takes 1 to 64 letters/);
    expect(() => define(Array.from({ length: 21 }, String))).toThrow(/tags: a run has at most 20 tags/);
  });
});

describe("a queue", () => {
  it("shows who holds its slots, and who waits in which order and for what", async () => {
    const { memory, asks } = stage();
    const ids: string[] = [];
    for (const [key, priority] of [
      ["first", 50],
      ["later", 50],
      ["urgent", 1],
    ] as const) {
      ids.push(await begin(memory, "training", { key, priority }));
    }
    const [first, later, urgent] = ids;
    expect(await asks({ action: "queue", queue: "gpu" })).toMatchObject({
      queue: "gpu",
      pipelines: ["training"],
      limits: [{ limit: "queue/gpu", slots: 1, setByHand: false, holders: [first] }],
      waiting: [
        { runId: urgent, priority: 1, waitsFor: ["queue/gpu"] },
        { runId: later, priority: 50, waitsFor: ["queue/gpu"] },
      ],
      more: false,
    });
    expect(await asks({ action: "queue", queue: "gpu", limit: 1 })).toMatchObject({
      waiting: [{ runId: urgent }],
      more: true,
    });
  });

  it("with no slots starts nothing until its own limit applies again", async () => {
    const { memory, asks } = stage();
    await asks({ action: "limit", limit: "queue/gpu", slots: 0 });
    const runId = await begin(memory, "training");
    expect((await memory.store.getRun(runId))?.state).toBe("QUEUED");
    expect(await asks({ action: "queues" })).toMatchObject([
      { queue: "gpu", limits: [{ slots: 0, setByHand: true, holders: [] }], waiting: [{ runId }] },
    ]);
    await asks({ action: "limit", limit: "queue/gpu", slots: null });
    expect((await memory.store.getRun(runId))?.state).toBe("RUNNING");
  });

  it("that is unknown is refused, and names the existing ones", async () => {
    const asked = stage().asks({ action: "queue", queue: "cpu" });
    await expect(asked).rejects.toThrow('there is no queue "cpu"; queues are: gpu');
  });
});

describe("a backfill by request", () => {
  it("is started, shown, listed, cancelled and resumed", async () => {
    const { memory, asks } = stage();
    const range = { from: "2021-04-01", to: "2021-06-01" };
    const started = await asks({ action: "backfill", pipeline: "training", ...range, every: "month" });
    expect(started).toMatchObject({ state: "RUNNING", total: 2, open: 2, left: 0, concurrency: 4 });
    const { backfill, tag } = started as { backfill: string; tag: string };
    expect(await asks({ action: "runs", tag })).toMatchObject({ runs: [{}, {}] });
    expect(await asks({ action: "backfill-progress", backfill })).toMatchObject({ open: 2 });
    expect(await asks({ action: "backfills" })).toMatchObject([{ backfill, pipeline: "training" }]);
    expect(await asks({ action: "queue", queue: "gpu" })).toMatchObject({
      limits: [{ limit: "queue/gpu" }, { limit: `backfill/${backfill}`, slots: 4 }],
    });
    expect(await asks({ action: "backfill-cancel", backfill })).toMatchObject({
      state: "CANCELLED",
      reason: "cancelled by an operator",
    });
    memory.clock.moveTo(memory.clock.now() + 1000);
    expect(await asks({ action: "backfill-resume", backfill })).toMatchObject({ state: "RUNNING", pass: 2 });
  });

  it("can be previewed", async () => {
    const { memory, asks } = stage();
    const range = { from: "2021-04-01", to: "2021-06-01", every: "month", dryRun: true };
    expect(await asks({ action: "backfill", pipeline: "training", ...range })).toMatchObject({
      ...{ dryRun: true, total: 2, counts: { start: 2 } },
    });
    expect(await memory.engine.backfills.list(1)).toEqual([]);
  });

  it("with an invalid or missing interval is refused", async () => {
    const asked = stage().asks({
      action: "backfill",
      pipeline: "training",
      from: "2021-04-01",
      to: "2021-06-01",
    });
    await expect(asked).rejects.toThrow("every and schedule are both missing");
  });
});

it("schedules are listed with upcoming runs, and switched", async () => {
  const { asks } = stage();
  expect(await asks({ action: "schedules", upcoming: 1 })).toMatchObject([
    { pipeline: "training", name: "default", active: true, upcoming: ["2021-10-05T03:00:00.000Z"] },
  ]);
  await asks({ action: "schedule", pipeline: "training", active: false });
  expect(await asks({ action: "schedules" })).toMatchObject([{ active: false, upcoming: [] }]);
});

it("a run starts by a request as by the function start", async () => {
  const { memory, asks } = stage();
  const started = await asks({ action: "start", pipeline: "training", params: { alpha: 2 }, tags: ["a"] });
  const { runId } = started as { runId: string };
  expect(await memory.store.getRun(runId)).toMatchObject({
    params: { alpha: 2 },
    tags: ["a", "team:growth"],
  });
});
