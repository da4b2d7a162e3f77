import type { RunStore } from "../../shared/ports/run-store.ts";
import type { EndState, Run, RunState } from "../../shared/state/run.ts";
import { runStates, runTransitions } from "../../shared/state/run.ts";
import { moved, type RunMove } from "../../shared/state/run-changes.ts";
import { aRun, epochStart, timeAt } from "../factories.ts";

const later = epochStart + 120_000;
const cancel: Extract<RunMove, { to: "CANCELLING" }> = {
  to: "CANCELLING",
  endsAs: "CANCELLED",
  reason: "asked by ana",
};
const moves: readonly RunMove[] = [
  { to: "QUEUED" },
  { to: "RUNNING", activeSince: timeAt(5) },
  { to: "PAUSED" },
  cancel,
];
const ends: readonly EndState[] = ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"];

/** What a run store promises about changes of a run's state. `create` returns a new, empty store. */
export function runMovesContract(create: () => Promise<RunStore>): void {
  let store: RunStore;
  beforeEach(async () => {
    store = await create();
  });

  /** A run that was brought to a state only by calls. */
  const runIn = async (state: RunState): Promise<Run> => {
    const isFirst = state === "SCHEDULED" || state === "QUEUED";
    const run = aRun({ state: isFirst ? state : "RUNNING" });
    await store.createRun(run, later);
    if (state === "PAUSED") await store.moveRun(run.runId, 1, { to: state }, later);
    if (state === "CANCELLING" || state === "CANCELLED") await store.moveRun(run.runId, 1, cancel, later);
    if (state === "TIMED_OUT") await store.moveRun(run.runId, 1, { ...cancel, endsAs: state }, later);
    if (ends.some((end) => end === state))
      await store.endRun(run, { to: state as EndState, endedAt: timeAt(60) });
    const current = await store.getRun(run.runId);
    if (current?.state !== state) throw new Error(`no way to ${state}: ${current?.state}`);
    return current;
  };

  test.each(runStates.flatMap((from) => moves.map((move) => [from, move.to, move] as const)))(
    "a run in %s moves to %s if the table allows it and the run has not ended",
    async (from, to, move) => {
      const run = await runIn(from);
      const may = !ends.some((end) => end === from) && runTransitions[from].includes(to);
      const expected = may ? { ...run, ...moved(move) } : run;
      expect(await store.moveRun(run.runId, 1, move, later)).toEqual(expected);
      expect(await store.getRun(run.runId)).toEqual(expected);
      // The same call again gets the same answer.
      expect(await store.moveRun(run.runId, 1, move, later)).toEqual(expected);
    },
  );

  test("a run of another epoch is returned unchanged", async () => {
    const run = await runIn("RUNNING");
    expect(await store.moveRun(run.runId, 2, cancel, later)).toEqual(run);
    expect(await store.getRun(run.runId)).toEqual(run);
  });

  test("an unknown run is not moved", async () => {
    expect(await store.moveRun("unknown", 1, cancel, later)).toBeUndefined();
    expect(await store.getRun("unknown")).toBeUndefined();
  });

  test("a resumed run keeps the time of its begin", async () => {
    const run = aRun({ activeSince: timeAt(3) });
    await store.createRun(run, later);
    await store.moveRun(run.runId, 1, { to: "PAUSED" }, later);
    expect(await store.moveRun(run.runId, 1, { to: "RUNNING" }, later)).toEqual(run);
  });

  test("a cancel for runs that have not begun doesn't cancel one that has", async () => {
    const unbegun = { ...cancel, unbegun: true } as const;
    const waiting = await runIn("QUEUED");
    expect(await store.moveRun(waiting.runId, 1, unbegun, later)).toEqual({ ...waiting, ...moved(cancel) });
    const run = aRun({ activeSince: timeAt(3) });
    await store.createRun(run, later);
    expect(await store.moveRun(run.runId, 1, unbegun, later)).toEqual(run);
    expect(await store.getRun(run.runId)).toEqual(run);
  });

  test("a run that needs slots does not begin by a move", async () => {
    const limits = [{ name: "gpu", limit: 1 }];
    for (const state of ["SCHEDULED", "QUEUED"] as const) {
      const run = aRun({ state, limits });
      await store.createRun(run, later);
      expect(await store.moveRun(run.runId, 1, { to: "RUNNING", activeSince: timeAt(5) }, later)).toEqual(
        run,
      );
    }
    expect((await store.getSlots("gpu")).holders).toEqual(new Set());
  });

  test("each of concurrent moves returns the run's final state", async () => {
    const { runId } = await runIn("RUNNING");
    const racing = Array.from({ length: 20 }, (_, number) =>
      store.moveRun(runId, 1, number % 2 === 0 ? cancel : { to: "PAUSED" }, later),
    );
    const states = (await Promise.all(racing)).map((run) => run?.state);
    expect(states.filter((_, number) => number % 2 === 0)).toEqual(Array(10).fill("CANCELLING"));
    expect(await store.getRun(runId)).toMatchObject({ state: "CANCELLING" });
  });
}
