import * as z from "zod";
import { driveBackfills } from "../../shared/backfill/drive-backfill.ts";
import { manage } from "../../shared/operate/manage.ts";
import { cron, definePipeline, interval, lambda, workQueue } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { begin } from "../../test/engine/driving.ts";
import { UsageError } from "../errors.ts";
import { moment } from "../options.ts";
import { readRunView, type Target } from "../readers/target.ts";
import { runScreen } from "../screens/run-screen.ts";
import { answerStart, backfillCommand, backfillText, previewText } from "./backfill.ts";
import { manageCommands } from "./manage.ts";
import { answerQueues } from "./queues.ts";
import { reportAndFollow } from "./run.ts";
import { listed } from "./runs.ts";
import { answerSchedules } from "./schedules.ts";

const nightly = definePipeline(
  {
    name: "nightly",
    params: z.strictObject({}),
    queue: workQueue("gpu", { limit: 1 }),
    triggers: [
      cron("30 2 * * *", { timezone: "Europe/Berlin" }),
      interval({ name: "weekly", every: { days: 7 }, anchor: "2021-10-04T09:00:00Z", active: false }),
    ],
  },
  ({ step }) => {
    step(
      "only",
      lambda({}, () => 1),
    );
  },
);
const single = definePipeline(
  { name: "single", params: z.strictObject({}), maxActiveRuns: 1 },
  ({ step }) => {
    step(
      "only",
      lambda({}, () => 1),
    );
  },
);
/** This pipeline has no limit of its own. */
const plain = definePipeline({ name: "plain", params: z.strictObject({}) }, ({ step }) => {
  step(
    "only",
    lambda({}, () => 1),
  );
});

/** A stage within the process, and what the command line prints there. */
function stage() {
  const memory = new MemoryEngine([nightly, single, plain], {}, Date.parse("2021-10-30T12:00:00Z"));
  const invoke = (_: string, request: unknown) => manage(memory.engine, request);
  const target = { stage: "local", store: memory.store, invoke } as unknown as Target;
  const printed = async (command: (target: Target) => Promise<void>) => {
    const print = jest.spyOn(console, "log").mockImplementation(() => undefined);
    try {
      await command(target);
      return print.mock.calls.map(([text]) => String(text)).join("\n");
    } finally {
      print.mockRestore();
    }
  };
  return { memory, target, printed };
}

describe("millrace schedules", () => {
  it("lists schedules with their toggle and next time, as the clock shows it there", async () => {
    const { printed } = stage();
    const text = await printed((target) => answerSchedules(target, undefined, "default", {}));
    expect(text.split("\n").slice(1)).toEqual([
      expect.stringMatching(/^nightly +default +on +2021-10-31 02:30 +cron 30 2 \* \* \* in Europe\/Berlin$/),
      expect.stringMatching(/^nightly +weekly +off +every 7 days from 2021-10-04T09:00:00Z in UTC$/),
    ]);
  });

  it("lists the upcoming runs of all schedules, soonest first", async () => {
    const { printed } = stage();
    await printed((target) => answerSchedules(target, "nightly", "weekly", { on: true }));
    const text = await printed((target) => answerSchedules(target, undefined, "default", { upcoming: 3 }));
    expect(text.split("\n").slice(1)).toEqual([
      expect.stringMatching(/^2021-10-31T00:30Z +2021-10-31 02:30 +Europe\/Berlin +nightly +default$/),
      expect.stringMatching(/^2021-11-01T01:30Z +2021-11-01 02:30 +Europe\/Berlin +nightly +default$/),
      expect.stringMatching(/^2021-11-01T09:00Z +2021-11-01 09:00 +UTC +nightly +weekly$/),
    ]);
  });

  it("switches one schedule, and prints its next time", async () => {
    const { printed } = stage();
    const off = await printed((target) => answerSchedules(target, "nightly", "default", { off: true }));
    expect(off).toBe("schedule default of nightly is off");
    const on = await printed((target) => answerSchedules(target, "nightly", "default", { on: true }));
    expect(on).toBe("schedule default of nightly is on; its next run is for 2021-10-31T00:30:00.000Z");
  });

  it.each([
    [undefined, { on: true }, "take a pipeline"],
    ["nightly", { on: true, off: true }, "are both given"],
  ])("refuses contradictory arguments: %s %j", async (pipeline, options, message) => {
    const { target } = stage();
    await expect(answerSchedules(target, pipeline, "default", options)).rejects.toThrow(message);
  });
});

describe("millrace queues", () => {
  it("shows all queues, or one with its holders and waiting runs, and pauses it", async () => {
    const { memory, printed } = stage();
    const holder = await begin(memory, "nightly", { key: "a" });
    const waiting = await begin(memory, "nightly", { key: "b", priority: 7 });
    const all = await printed((target) => answerQueues(target, undefined, { limit: 50 }));
    expect(all.split("\n")[1]).toMatch(/^gpu +queue\/gpu 1 of 1 +1 +nightly$/);
    const one = (await printed((target) => answerQueues(target, "gpu", { limit: 50 }))).split("\n");
    expect(one.slice(0, 3)).toEqual(["queue gpu", "  queue/gpu 1 of 1", `    ${holder}`]);
    expect(one[4]).toMatch(new RegExp(`^1 +${waiting} +nightly +7 +.* ago +queue/gpu$`));
    const paused = await printed((target) => answerQueues(target, "gpu", { pause: true, limit: 50 }));
    expect(paused).toBe("queue/gpu is paused: nothing begins, 1 under way go on");
    const resumed = await printed((target) => answerQueues(target, "queue/gpu", { resume: true, limit: 50 }));
    expect(resumed).toBe("queue/gpu goes on, 1 under way go on");
    const own = await printed((target) => answerQueues(target, "single", { pause: true, limit: 50 }));
    expect(own).toBe("pipeline/single is paused: nothing begins, no run is under way");
    await expect(answerQueues(stage().target, undefined, { pause: true, limit: 50 })).rejects.toThrow(
      "takes one queue",
    );
  });
});

describe("a run that waits for a slot of its backfill", () => {
  const asked = { action: "backfill", pipeline: "plain", concurrency: 1 };
  const range = { from: "2021-04-01", to: "2021-04-04", every: "day" };

  it("says what it waits for and who holds it, and its queue is listed", async () => {
    const { memory, target, printed } = stage();
    const started = await target.invoke("manage", { ...asked, ...range });
    const limit = `backfill/${(started as { backfill: string }).backfill}`;
    const [holder = ""] = (await memory.store.getSlots(limit)).holders;
    const waiting = await listed(memory.store, { state: "QUEUED" }, 10);
    expect(waiting).toHaveLength(2);
    const view = await readRunView(target, waiting[0]?.runId ?? "");
    expect(view.waitsFor).toEqual([{ limit, slots: 1, holders: [holder] }]);
    expect(runScreen(view, 120).split("\n").slice(3, 5)).toEqual([
      `waits for a slot of ${limit}: 1 of 1 held by ${holder}`,
      "who waits there, in order: npx millrace queues plain",
    ]);
    expect(await readRunView(target, holder)).not.toHaveProperty("waitsFor");
    const all = await printed((stage) => answerQueues(stage, undefined, { limit: 50 }));
    expect(all).toMatch(new RegExp(`^plain +${limit} 1 of 1 +2 +plain$`, "m"));
    const one = await printed((stage) => answerQueues(stage, "plain", { limit: 50 }));
    expect(one.split("\n").slice(0, 3)).toEqual(["queue plain", `  ${limit} 1 of 1`, `    ${holder}`]);
  });
});

describe("a command that changes a run", () => {
  afterEach(() => {
    process.exitCode = undefined;
  });

  async function reportedBy(options: { json?: boolean; follow?: boolean }, wanted?: "CANCELLED") {
    const { memory, target, printed } = stage();
    const runId = await begin(memory, "single", { scheduledAt: "2022-01-01T00:00:00Z" });
    const answer = await target.invoke("manage", { action: "cancel", runId });
    const text = await printed(() =>
      reportAndFollow(target, runId, { answer, message: "it is cancelled" }, options, wanted),
    );
    return { text, runId, exitCode: process.exitCode };
  }

  it("prints the outcome in words, or the function's answer as JSON", async () => {
    expect(await reportedBy({})).toMatchObject({ text: "it is cancelled" });
    const { text, runId } = await reportedBy({ json: true });
    expect(JSON.parse(text)).toEqual({ runId, pipeline: "single", state: "CANCELLED", epoch: 1 });
  });

  it("prints only the run itself with --json --follow", async () => {
    const { text, runId, exitCode } = await reportedBy({ json: true, follow: true });
    expect(JSON.parse(text)).toMatchObject({ runId, state: "CANCELLED", steps: [{ name: "only" }] });
    expect(exitCode).toBe(1);
  });

  it("exits with 0 if the run ends as requested", async () => {
    expect(await reportedBy({ json: true, follow: true }, "CANCELLED")).toMatchObject({
      exitCode: undefined,
    });
  });
});

it.each([
  ["limit", ["ridge-sweep", "2"], 'LIMIT is "ridge-sweep"; it takes pipeline/NAME or queue/NAME'],
  ["tag", ["r", "keep", "a,b"], 'TAG is "a,b"; it takes 1 to 64 letters'],
  ["tag", ["r", "--remove", "a b"], 'TAG is "a b"; it takes 1 to 64 letters'],
])("%s %j is refused with the argument's name", async (name, words, message) => {
  const command = manageCommands().find((each) => each.name() === name);
  await expect(command?.parseAsync(words, { from: "user" })).rejects.toThrow(message);
});

it("a toggle and a pause are answered in JSON too", async () => {
  const { printed } = stage();
  const off = await printed((target) =>
    answerSchedules(target, "nightly", "default", { off: true, json: true }),
  );
  expect(JSON.parse(off)).toMatchObject({ active: false });
  const paused = await printed((target) =>
    answerQueues(target, "gpu", { pause: true, limit: 50, json: true }),
  );
  expect(JSON.parse(paused)).toEqual({ limit: "queue/gpu", slots: 0, held: 0 });
});

describe("millrace backfill", () => {
  it("prints its progress, and the commands to list its runs and to retry failed times", () => {
    const view = {
      ...{ backfill: "taxi-3f9a", pipeline: "taxi", rule: "every month in UTC" },
      ...{ from: "2021-04-01T00:00:00.000Z", to: "2021-06-01T00:00:00.000Z", state: "DONE" as const },
      ...{ pass: 1, concurrency: 4, total: 2, succeeded: 1, skipped: 0, failed: 1, open: 0, left: 0 },
      tag: "backfill:taxi-3f9a",
    };
    expect(backfillText(view).split("\n")).toEqual([
      "backfill taxi-3f9a of taxi is DONE",
      "  2 times (every month in UTC), from 2021-04-01T00:00:00.000Z to before 2021-06-01T00:00:00.000Z",
      "  1 succeeded, 1 failed; at most 4 at once",
      "  its runs: npx millrace runs --tag backfill:taxi-3f9a",
      "  run again what failed: npx millrace backfill resume taxi-3f9a --retry-failed",
    ]);
  });
});

describe("millrace backfill start --dry-run", () => {
  const seen = {
    ...{ dryRun: true as const, backfill: "taxi-3f9a", pipeline: "taxi", rule: "every day in UTC" },
    ...{ from: "2021-04-01T00:00:00.000Z", to: "2021-04-08T00:00:00.000Z", concurrency: 4, total: 7 },
    ...{ first: ["2021-04-01", "2021-04-02"], last: ["2021-04-07"] },
  };

  it("lists the times and what would happen to each", () => {
    const counts = { start: 4, again: 0, open: 0, skipped: 2, failed: 1 };
    expect(previewText({ ...seen, counts }).split("\n")).toEqual([
      "backfill taxi-3f9a of taxi would be new; nothing was started",
      "  7 times (every day in UTC), from 2021-04-01T00:00:00.000Z to before 2021-04-08T00:00:00.000Z",
      ...["    2021-04-01", "    2021-04-02", "    …", "    2021-04-07"],
      "  4 to start, 2 to skip (succeeded before), 1 failed, left as they are (--retry-failed); at most 4 at once",
    ]);
  });

  it("says if the backfill exists already, and what is unknown", () => {
    const lines = previewText({ ...seen, state: "RUNNING" }).split("\n");
    expect(lines[0]).toBe("backfill taxi-3f9a of taxi is RUNNING, and would go on; nothing was started");
    expect(lines.at(-1)).toContain("is not looked up for so many");
  });
});

describe("millrace backfill start", () => {
  const range = { from: "2021-04-01", to: "2021-06-01", concurrency: 4 };

  it.each([
    [{}, "--every and --schedule are both missing"],
    [{ every: "month" as const, schedule: "default" }, "--every and --schedule are both given"],
  ])("takes one of --every and --schedule: %j", async (options, message) => {
    const asked = answerStart(stage().target, "nightly", { ...range, ...options });
    await expect(asked).rejects.toThrow(new UsageError(message));
  });

  it.each([
    ["--from", "2021-02-30", '--from is "2021-02-30"; it takes a date such as 2021-04-01'],
    ["--to", "soon", '--to is "soon"; it takes a date such as 2021-04-01'],
    ["--timezone", "Berlin", '--timezone is "Berlin"; it takes a name such as Europe/Berlin'],
  ])("refuses %s %s by its name", async (option, text, message) => {
    const asked = backfillCommand().parseAsync(["start", "nightly", option, text], { from: "user" });
    await expect(asked).rejects.toThrow(UsageError);
    await expect(asked).rejects.toThrow(message);
  });
});

describe("millrace runs", () => {
  it.each([
    ["2021-10-01", "2021-10-01T00:00:00.000Z"],
    ["2021-10-01T02:00:00+02:00", "2021-10-01T00:00:00.000Z"],
  ])("takes --since %s", (text, time) => {
    expect(moment("--since")(text)).toBe(time);
  });

  it.each(["yesterday", "2021-02-30", "2021-10-01T02:00:00", "2021-13-01", "10"])(
    "refuses --since %s",
    (text) => {
      expect(() => moment("--since")(text)).toThrow(`--since is "${text}"; it takes a date`);
    },
  );

  it("reads as many pages as it needs, even if some are empty", async () => {
    const run = {
      runId: "r",
      pipeline: "p",
      name: "n",
      state: "FAILED",
      scheduledAt: "",
      startedAt: "",
      tags: [],
    } as const;
    const pages = [
      { runs: [], next: "a" },
      { runs: [run], next: "b" },
      { runs: [run], next: "c" },
    ];
    const listRuns = async () => pages.shift() ?? { runs: [] };
    expect(await listed({ listRuns, getRuns: async () => [] }, {}, 2)).toHaveLength(2);
    expect(pages).toEqual([]);
  });

  it("finds the runs of a backfill by its tag", async () => {
    const { memory, target } = stage();
    const range = { from: "2021-04-01", to: "2021-06-01", every: "month" };
    const { tag } = (await target.invoke("manage", {
      action: "backfill",
      pipeline: "nightly",
      ...range,
    })) as {
      tag: string;
    };
    await driveBackfills(memory.engine);
    expect(await listed(memory.store, { tag }, 10)).toHaveLength(2);
  });
});
