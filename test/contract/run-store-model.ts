import { isSet } from "node:util/types";
import fc from "fast-check";
import type { RunStore, TallyKey } from "../../shared/ports/run-store.ts";
import type { EndState, Limit, RunningRun, WaitingRun } from "../../shared/state/run.ts";
import type { RunMove } from "../../shared/state/run-changes.ts";
import {
  betweenPasses,
  cached,
  ended,
  expanded,
  retrying,
  submitted,
  succeeded,
} from "../../shared/state/step-changes.ts";
import type { StepRecord } from "../../shared/state/step-record.ts";
import { aHeldStep, aRun, epochStart, timeAt } from "../factories.ts";

/** One call of a store, as data. There are few names and numbers, so that calls often affect each other. */
type Call = typeof calls extends fc.Arbitrary<infer C> ? C : never;

const run = fc.constantFrom(0, 0, 1, 1, 2, 3);
const epoch = fc.constantFrom(1, 1, 1, 2, 2, 3);
const due = fc.integer({ min: 0, max: 50 });
const second = fc.integer({ min: 0, max: 3 });
const shard = fc.constantFrom(0, 1, "map" as const);
const limit = fc.integer({ min: 1, max: 4 });
const limitName = fc.constantFrom("gpu", "own");
/** Older code counts no price. */
const price = fc.option(fc.record({ nanodollars: fc.integer({ min: 0, max: 9 }), atLeast: fc.boolean() }), {
  nil: undefined,
});
const createRun = fc.record({
  call: fc.constant("createRun" as const),
  run,
  due,
  scheduled: fc.boolean(),
});
const moveRun = fc.record({
  call: fc.constant("moveRun" as const),
  run,
  epoch,
  due,
  move: fc.constantFrom<RunMove>(
    { to: "QUEUED" },
    { to: "PAUSED" },
    { to: "RUNNING" },
    { to: "RUNNING", activeSince: timeAt(5) },
    { to: "CANCELLING", endsAs: "CANCELLED", reason: "asked" },
    { to: "CANCELLING", endsAs: "TIMED_OUT", reason: "late" },
  ),
});
const admitRun = fc.record({ call: fc.constant("admitRun" as const), run, epoch, due, second });
const endRun = fc.record({
  call: fc.constant("endRun" as const),
  run,
  epoch,
  to: fc.constantFrom<EndState>("SUCCEEDED", "FAILED", "FAILED", "CANCELLED", "TIMED_OUT"),
  second,
  due,
  stays: fc.boolean(),
  cost: fc.boolean(),
  unjoined: price,
});
const reopenRun = fc.record({ call: fc.constant("reopenRun" as const), run, epoch, due, second });
const calls = fc.oneof(
  { weight: 2, arbitrary: createRun },
  fc.record({
    call: fc.constant("joinRun" as const),
    run,
    epoch,
    step: fc.integer({ min: 0, max: 4 }),
    outcome: fc.constantFrom("done" as const, "failed" as const, "skipped" as const),
    error: fc.option(fc.string(), { nil: undefined }),
    price,
  }),
  { weight: 3, arbitrary: moveRun },
  { weight: 3, arbitrary: admitRun },
  { weight: 3, arbitrary: endRun },
  { weight: 3, arbitrary: reopenRun },
  fc.record({ call: fc.constant("closeRun" as const), run, epoch }),
  fc.record({ call: fc.constant("waitingRuns" as const), limit }),
  fc.record({
    call: fc.constant("setLimit" as const),
    name: limitName,
    slots: fc.constantFrom(undefined, 0, 1, 2),
  }),
  fc.record({
    call: fc.constant("deferRun" as const),
    run,
    due,
    state: fc.constantFrom(undefined, "RUNNING" as const, "QUEUED" as const),
  }),
  fc.record({ call: fc.constant("dueRuns" as const), due, limit }),
  fc.record({
    call: fc.constant("listRuns" as const),
    filter: fc.record(
      {
        pipeline: fc.constantFrom("p0", "p1"),
        state: fc.constantFrom("RUNNING" as const, "QUEUED" as const, "FAILED" as const),
      },
      { requiredKeys: [] },
    ),
    limit,
  }),
  fc.record({
    call: fc.constant("putStep" as const),
    run,
    index: shard,
    kind: fc.constantFrom("held", "job", "map", "retrying", "passes", "succeeded", "cached", "failed"),
    expects: fc.constantFrom("current" as const, "none" as const, "earlier" as const),
    value: fc.jsonValue({ maxDepth: 1 }),
  }),
  fc.record({
    call: fc.constant("openTally" as const),
    run,
    shard,
    epoch,
    size: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({
    call: fc.constant("joinTally" as const),
    run,
    shard,
    epoch,
    member: fc.integer({ min: 0, max: 4 }),
    outcome: fc.constantFrom("done" as const, "failed" as const),
    price,
  }),
);

/** Sequences of calls. The first one creates the run that most others are about. */
export const callSequences: fc.Arbitrary<Call[]> = fc
  .array(calls, { minLength: 5, maxLength: 40 })
  .map((sequence) => [
    { call: "createRun", run: 0, due: 1, scheduled: false },
    { call: "createRun", run: 1, due: 2, scheduled: false },
    ...sequence,
  ]);

/** The limits that runs need slots of, by number. A run's limits never change. */
const limitsOf: readonly (readonly Limit[])[] = [
  [],
  [{ name: "gpu", limit: 1 }],
  [
    { name: "own", limit: 1 },
    { name: "gpu", limit: 2 },
  ],
  [{ name: "own", limit: 1 }],
];
const runIds = limitsOf.map((_, number) => `run-${number}`);
/** Due times differ from run to run, because runs due at the same time come in no set order. */
const dueAt = (number: number, seconds: number) => epochStart + seconds * 1000 + number;

function recordOf({ run: number, index, kind, value }: Extract<Call, { call: "putStep" }>): StepRecord {
  const held = aHeldStep({ runId: `run-${number}`, index });
  const error = { name: "ValueError", message: "wrong" };
  if (kind === "job") return submitted(held, [{ id: "job", name: "name" }]);
  if (kind === "map") return expanded(held, 3);
  if (kind === "retrying") return retrying(held, error, epochStart, "spot");
  if (kind === "passes") return betweenPasses(held, epochStart);
  if (kind === "cached") {
    return cached(held, { value: 1 }, { runId: "earlier", step: "train_model", index: 0 }, epochStart);
  }
  // As in JSON: without -0, which no store needs to tell from 0.
  if (kind === "succeeded") return succeeded(held, { value: JSON.parse(JSON.stringify(value)) }, epochStart);
  if (kind === "failed") return ended(held, "FAILED", epochStart, error);
  return held;
}

/** A run in an epoch, as its first call knows it. */
function runOf(number: number, epochNumber = 1, scheduled = false): WaitingRun | RunningRun {
  const limits = limitsOf[number] ?? [];
  return aRun({
    runId: `run-${number}`,
    pipeline: `p${number % 2}`,
    queue: "gpu",
    startedAt: timeAt(number),
    name: `run-${number}`,
    epoch: epochNumber,
    limits,
    priority: number === 3 ? 10 : 50,
    state: scheduled ? "SCHEDULED" : limits.length > 0 ? "QUEUED" : "RUNNING",
  });
}

/** Whether the call that creates the run also puts it into its queue. */
export function waitsAtOnce(call: Extract<Call, { call: "createRun" }>): boolean {
  return runOf(call.run, 1, call.scheduled).state === "QUEUED";
}

/**
 * Makes calls of one store. Versions in its answers become their order, so that answers of two stores can be compared.
 */
export class StorePlayer {
  private readonly store: RunStore;
  private readonly versions: string[] = [];
  private readonly history = new Map<string, string[]>();

  constructor(store: RunStore) {
    this.store = store;
  }

  private comparable(answer: unknown): unknown {
    if (Array.isArray(answer)) return answer.map((part) => this.comparable(part));
    // Not instanceof: sets from structuredClone belong to a different realm than the tests' own.
    if (isSet(answer)) return [...answer].sort();
    if (typeof answer !== "object" || answer === null) return answer;
    return Object.fromEntries(
      Object.entries(answer).map(([key, part]) => [
        key,
        key === "version" ? this.versions.indexOf(part) : this.comparable(part),
      ]),
    );
  }

  async play(call: Call): Promise<unknown> {
    return this.comparable(await this.answer(call));
  }

  private async answer(call: Call): Promise<unknown> {
    const { store } = this;
    const runId = "run" in call ? `run-${call.run}` : "";
    const due = "due" in call && "run" in call ? dueAt(call.run, call.due) : 0;
    switch (call.call) {
      case "createRun":
        return store.createRun(runOf(call.run, 1, call.scheduled), due);
      case "joinRun": {
        const error = call.error === undefined ? undefined : { step: "s", name: "E", message: call.error };
        return store.joinRun(runId, call.epoch, call.step, call.outcome, error, call.price);
      }
      case "moveRun":
        return store.moveRun(runId, call.epoch, call.move, due);
      case "admitRun":
        return store.admitRun(runOf(call.run, call.epoch), timeAt(call.second), due);
      case "endRun": {
        const { to, stays, unjoined } = call;
        const cost = { epoch: call.epoch, dollars: 0.25, atLeast: false, prices: "of today" };
        const end = { ...(call.cost && { cost }), ...(unjoined && { unjoined }) };
        return store.endRun(
          runOf(call.run, call.epoch),
          { to, endedAt: timeAt(call.second), ...end },
          stays ? due : undefined,
        );
      }
      case "closeRun":
        return store.closeRun(runId, call.epoch);
      case "reopenRun":
        return store.reopenRun(runOf(call.run, call.epoch), timeAt(call.second), due);
      case "waitingRuns":
        return store.waitingRuns("gpu", call.limit);
      case "setLimit":
        return store.setLimit(call.name, call.slots);
      case "deferRun":
        return store.deferRun(runId, due, call.state);
      case "dueRuns":
        return store.dueRuns(dueAt(9, call.due), call.limit);
      case "listRuns": {
        const first = await store.listRuns(call.filter, call.limit);
        return [first, first.next && (await store.listRuns(call.filter, call.limit, first.next))];
      }
      case "putStep":
        return this.putStep(call);
      case "openTally":
        return store.openTally(this.tally(call), call.epoch, call.size);
      case "joinTally":
        return store.joinTally(this.tally(call), call.epoch, call.member, call.outcome, call.price);
    }
  }

  private tally({ run: number, shard: place }: { run: number; shard: number | "map" }): TallyKey {
    return { runId: `run-${number}`, step: "train_model", shard: place };
  }

  private async putStep(call: Extract<Call, { call: "putStep" }>): Promise<unknown> {
    const record = recordOf(call);
    const key = `${record.runId}#${record.index}`;
    const history = this.history.get(key) ?? [];
    const previous = { none: undefined, current: history.at(-1), earlier: history.at(-2) }[call.expects];
    const result = await this.store.putStep(record, previous);
    if (result.ok) {
      this.versions.push(result.record.version);
      this.history.set(key, [...history, result.record.version]);
    }
    return result;
  }

  /** Everything that the store holds. */
  async state(): Promise<unknown> {
    const { store } = this;
    const tallies = runIds.flatMap((runId) =>
      ([0, 1, "map"] as const).map((place) => store.getTally({ runId, step: "train_model", shard: place })),
    );
    return this.comparable([
      await Promise.all(runIds.map((runId) => store.getRun(runId))),
      await Promise.all(runIds.map((runId) => store.listSteps(runId))),
      await Promise.all(tallies),
      await store.listRuns({}, 10),
      await store.dueRuns(dueAt(9, 1000), 10),
      await store.listFigures({ since: "0", until: "9" }),
      await store.waitingRuns("gpu", 10),
      await Promise.all(["gpu", "own"].map((name) => store.getSlots(name))),
    ]);
  }
}
