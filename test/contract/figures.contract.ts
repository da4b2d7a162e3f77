import type { RunStore } from "../../shared/ports/run-store.ts";
import type { DayFigures, FiguresFilter } from "../../shared/state/figures.ts";
import type { EndState, Run, RunningRun, WaitingRun } from "../../shared/state/run.ts";
import { aRun, epochStart, timeAt } from "../factories.ts";

const later = epochStart + 120_000;
/** A day, in seconds. */
const day = 86_400;
const all: FiguresFilter = { since: "2021-10-04", until: "2021-10-31" };

/** What a run store promises about the figures by day. `create` returns a new, empty store. */
export function figuresContract(create: () => Promise<RunStore>): void {
  let store: RunStore;
  beforeEach(async () => {
    store = await create();
  });

  const costOf = (dollars: number, atLeast = false) => ({ epoch: 1, dollars, atLeast, prices: "of today" });
  const created = async (overrides: Partial<WaitingRun | RunningRun> = {}) => {
    const run = aRun({ activeSince: timeAt(0), ...overrides });
    await store.createRun(run, later);
    return run;
  };
  const end = (run: Run, to: EndState, second: number, dollars = 0.25) =>
    store.endRun(run, { to, endedAt: timeAt(second), cost: costOf(dollars) });
  const reopened = async (run: Run, second: number): Promise<Run> => {
    const again = await store.reopenRun(run, timeAt(second), later + second);
    if (again === undefined) throw new Error("it is reopened");
    return again;
  };
  const figures = (filter: Partial<FiguresFilter> = {}) => store.listFigures({ ...all, ...filter });
  const ofDay = (overrides: Partial<DayFigures>): DayFigures => ({
    ...{ day: "2021-10-04", pipeline: "ridge-sweep", ends: {}, milliseconds: 0, dollars: 0, atLeast: false },
    ...overrides,
  });

  test("without runs that have ended there are none", async () => {
    await created();
    expect(await figures()).toEqual([]);
  });

  test("count each end by day, pipeline and state, with its time and its cost", async () => {
    await end(await created(), "SUCCEEDED", 10);
    await end(await created(), "SUCCEEDED", 20);
    await end(await created(), "FAILED", 5);
    await end(await created({ pipeline: "ctr" }), "FAILED", 1);
    await end(await created(), "SUCCEEDED", day);
    expect(await figures()).toEqual([
      ofDay({ day: "2021-10-05", ends: { SUCCEEDED: 1 }, milliseconds: day * 1000, dollars: 0.25 }),
      ofDay({ pipeline: "ctr", ends: { FAILED: 1 }, milliseconds: 1000, dollars: 0.25 }),
      ofDay({ ends: { SUCCEEDED: 2, FAILED: 1 }, milliseconds: 35_000, dollars: 0.75 }),
    ]);
  });

  test("of some days and of one pipeline are read alone", async () => {
    for (const place of [0, 1, 2, 3]) await end(await created(), "SUCCEEDED", place * day + 1);
    await end(await created({ pipeline: "ctr" }), "SUCCEEDED", 2 * day);
    const days = async (filter: Partial<FiguresFilter>) =>
      (await figures(filter)).map((each) => `${each.day.slice(-2)} ${each.pipeline}`);
    expect(await days({ since: "2021-10-05", until: "2021-10-06" })).toEqual([
      "06 ctr",
      "06 ridge-sweep",
      "05 ridge-sweep",
    ]);
    expect(await days({ pipeline: "ctr" })).toEqual(["06 ctr"]);
    expect(await days({ since: "2021-10-06", until: "2021-10-05" })).toEqual([]);
  });

  test("say if the cost of a run is only a minimum, or isn't known", async () => {
    await store.endRun(await created(), { to: "FAILED", endedAt: timeAt(1), cost: costOf(1, true) });
    await store.endRun(await created({ pipeline: "ctr" }), { to: "FAILED", endedAt: timeAt(1) });
    const found = await figures();
    expect(found.map(({ dollars, atLeast }) => [dollars, atLeast])).toEqual([
      [0, true],
      [1, true],
    ]);
  });

  test("count no time for a run that never began", async () => {
    const run = aRun();
    await store.createRun(run, later);
    await end(run, "FAILED", 60);
    expect(await figures()).toMatchObject([{ milliseconds: 0 }]);
  });

  test("count an end once, however often it is repeated or refused", async () => {
    const run = await created();
    await end(run, "FAILED", 10);
    await end(run, "FAILED", 10);
    await end(run, "FAILED", 11);
    await end(run, "SUCCEEDED", 10);
    await end({ ...run, epoch: 2 }, "FAILED", 10);
    expect(await figures()).toEqual([ofDay({ ends: { FAILED: 1 }, milliseconds: 10_000, dollars: 0.25 })]);
  });

  test("count one of the workers that end a run at different times", async () => {
    const run = await created();
    await Promise.all(Array.from({ length: 10 }, (_, worker) => end(run, "SUCCEEDED", 10 + worker)));
    expect(await figures()).toMatchObject([{ ends: { SUCCEEDED: 1 }, dollars: 0.25 }]);
  });

  test("are exact after ten concurrent ends", async () => {
    const runs: Run[] = [];
    while (runs.length < 10) runs.push(await created());
    await Promise.all(runs.map((run) => end(run, "SUCCEEDED", 1)));
    expect(await figures()).toEqual([ofDay({ ends: { SUCCEEDED: 10 }, milliseconds: 10_000, dollars: 2.5 })]);
  });

  test("lose a run that is reopened, once, and count it again on the day of its next end", async () => {
    const other = await created();
    await end(other, "FAILED", 20);
    const run = await created();
    await end(run, "FAILED", 10);
    const again = await reopened(run, 60);
    expect(await reopened(run, 60)).toEqual(again);
    expect(again).not.toHaveProperty("counted");
    const others = ofDay({ ends: { FAILED: 1 }, milliseconds: 20_000, dollars: 0.25 });
    expect(await figures()).toEqual([others]);
    await end(again, "SUCCEEDED", day + 60, 1);
    expect(await figures()).toEqual([
      ofDay({ day: "2021-10-05", ends: { SUCCEEDED: 1 }, milliseconds: day * 1000, dollars: 1 }),
      others,
    ]);
  });

  test("of a day from which every run was taken back are no longer listed", async () => {
    const run = await created();
    await end(run, "FAILED", 10);
    await reopened(run, 60);
    expect(await figures()).toEqual([]);
  });

  test("lose a run that needs slots when it is reopened", async () => {
    const run = await created({ limits: [{ name: "gpu", limit: 1 }] });
    await end(run, "FAILED", 10);
    expect(await reopened(run, 60)).toMatchObject({ state: "QUEUED" });
    expect(await figures()).toEqual([]);
  });

  test("replace an earlier end that older code has not taken back when it reopened the run", async () => {
    const run = await created();
    await end(run, "FAILED", 10);
    const counted = (await store.getRun(run.runId))?.counted;
    if (counted === undefined) throw new Error("its end was counted");
    const again = await reopened(run, 60);
    // The store takes back its own: the figures hold an end of the run again, as if older code had reopened it.
    const twin = await created();
    await end(twin, "FAILED", 10);
    await end({ ...again, counted }, "SUCCEEDED", 70);
    expect(await figures()).toEqual([ofDay({ ends: { SUCCEEDED: 1 }, milliseconds: 10_000, dollars: 0.25 })]);
  });

  test("don't change when a run is reopened that older code has ended", async () => {
    const endedByOlderCode = (): Run => ({ ...aRun(), state: "FAILED", endedAt: timeAt(5) });
    const older = endedByOlderCode();
    // Stored as older code leaves it: this code can't end a run without counting it.
    await store.createRun(older as RunningRun, later);
    await reopened(older, 60);
    expect(await figures()).toEqual([]);
  });
}
