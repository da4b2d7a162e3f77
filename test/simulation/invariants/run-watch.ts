import type { Graph } from "../../../shared/pipeline/graph.ts";
import type { RunStore, Tally, TallyKey } from "../../../shared/ports/run-store.ts";
import { recordPrice } from "../../../shared/run/run-cost.ts";
import {
  isEnded,
  isUnderWay,
  type Outcome,
  type Run,
  runTransitions,
  wasStopped,
} from "../../../shared/state/run.ts";
import { waitingKey } from "../../../shared/state/run-listing.ts";
import { hasEnded, hasJobs, isHeld, type StepRecord } from "../../../shared/state/step-record.ts";
import { StepWatch, type WatchedWorld } from "./step-watch.ts";
import type { Violations } from "./violation.ts";

const statesOf: Readonly<Record<Outcome, readonly string[]>> = {
  done: ["SUCCEEDED", "CACHED"],
  failed: ["FAILED", "TIMED_OUT"],
  skipped: ["SKIPPED"],
};

/** Calls of the store that have a check of their own, so that the general one skips them. */
const ownWay: ReadonlySet<string> = new Set(["putStep", "joinRun", "joinTally", "putGraph"]);

/** Milliseconds after which no worker is left that read the run earlier. */
const workerLife = 125_000;

/** A store that passes every call on to another one. Calls that the other store makes to itself aren't seen. */
function boundTo(store: RunStore): RunStore {
  // Looked up by name, because a store's type doesn't list its methods.
  const target = store as unknown as Record<string, unknown>;
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(store));
  const bound = names.flatMap((name) => {
    const method = target[name];
    return name !== "constructor" && typeof method === "function" ? [[name, method.bind(store)]] : [];
  });
  return Object.fromEntries(bound) as RunStore;
}

/**
 * Stands between the engine and its store and checks every write. States must change as the tables allow, and what is
 * joined must have ended with the outcome that is joined.
 */
export class RunWatch {
  readonly steps: StepWatch;
  readonly runs = new Map<string, Run>();
  /** Called for every record that waits for a person. */
  onQuestion: (record: StepRecord) => void = () => {};
  /** Called when a step's success is stored, before the step is joined. */
  readonly onSuccess: ((record: StepRecord) => void)[] = [];
  /** Called when a worker has claimed a step, with its record. */
  onClaim: (record: StepRecord) => void = () => {};
  /** Called for every run that changes its state. */
  onChange: () => Promise<void> = async () => {};
  /** Called for every record that a worker claimed. */
  onHeld: (record: StepRecord) => void = () => {};
  /** Called for every run that ends. */
  onEnd: (run: Run) => void = () => {};
  /** Called for every run that begins to be cancelled, with the run as it was before. */
  onStop: (before: Run, run: Run) => void = () => {};
  /** What each record has cost in each epoch in which it ended, in nanodollars, by run and then by record and epoch. */
  readonly prices = new Map<string, Map<string, number>>();
  /** Runs that ever failed by themselves. */
  readonly failed = new Set<string>();
  /** When each run began to wait for its slots in its current epoch. */
  private readonly queuedAt = new Map<string, number>();
  /** When a worker first looked at the places of a work queue, by worker. */
  private readonly looks = new WeakMap<object, Map<string, number>>();
  /** Runs that were ever cancelled. */
  private readonly cancelled = new Set<string>();
  /** Epochs of runs that were closed. */
  private readonly closed = new Set<string>();
  /** When each run entered its current state. */
  private readonly since = new Map<string, number>();
  private readonly world: WatchedWorld;
  private readonly graphs = new Map<string, Graph>();
  private readonly violations: Violations;

  constructor(world: WatchedWorld, violations: Violations) {
    this.world = world;
    this.violations = violations;
    this.steps = new StepWatch(world, violations);
  }

  /** A step's place in the graph that the run started with. */
  numberOf(run: Run, step: string): number {
    return this.graphs.get(run.graphHash)?.steps.findIndex(({ name }) => name === step) ?? -1;
  }

  /**
   * Checks a function that begins, or a job that is submitted. If the run is paused, is ending or has ended, only a
   * worker that doesn't know this yet may begin one. None begins before the run's scheduled time, unless a person
   * opened the run again or its parent started it.
   */
  begins(runId: string, step: string): void {
    const { state = "RUNNING", scheduledAt = "", epoch = 1, cause } = this.runs.get(runId) ?? {};
    const early = Date.parse(scheduledAt) - this.world.now;
    if (early > this.world.skew && epoch === 1 && cause?.kind !== "step")
      this.violations.add("nothing begins before its time", `${step} began ${early} ms early`);
    if (state === "RUNNING") return;
    const passed = this.world.now - (this.since.get(runId) ?? 0);
    if (passed > workerLife)
      this.violations.add(
        "nothing begins that is not to",
        `${step} began ${passed} ms after ${runId} was ${state}`,
      );
  }

  /** Runs that exceed their time limit by more than some milliseconds. */
  overdue(by: number, from: number): Run[] {
    return [...this.runs.values()].filter((run) => {
      const { timeout } = this.graphs.get(run.graphHash) ?? {};
      if (timeout === undefined || !isUnderWay(run)) return false;
      const ends = Date.parse(run.activeSince ?? run.startedAt) + timeout * 1000;
      return Math.max(ends, from) + by < this.world.now;
    });
  }

  /** Runs that continue although their parent run ended more than this many milliseconds ago. */
  abandoned(since: number): Run[] {
    return [...this.runs.values()].filter((run) => {
      const parent = run.cause.kind === "step" ? this.runs.get(run.cause.runId) : undefined;
      if (parent === undefined || !isEnded(parent) || !isUnderWay(run)) return false;
      return this.world.now - (this.since.get(parent.runId) ?? 0) > since;
    });
  }

  /** Whether an epoch of a run was closed: nothing looks after it any more. */
  isClosed(runId: string, epoch: number): boolean {
    return this.closed.has(`${runId} ${epoch}`);
  }

  /** When an epoch of a run was stopped; undefined if it wasn't, or if the run was opened again since. */
  stoppedAt(runId: string, epoch: number): number | undefined {
    const run = this.runs.get(runId);
    return run !== undefined && run.epoch === epoch && wasStopped(run.state)
      ? this.since.get(runId)
      : undefined;
  }

  wasCancelled(runId: string): boolean {
    return this.cancelled.has(runId);
  }

  /** The store with checks around it. Answers are unchanged. */
  over(store: RunStore): RunStore {
    const watched = boundTo(store);
    watched.putStep = async (next, previous) => {
      this.steps.writes += 1;
      this.steps.stepWrites += 1;
      const put = await store.putStep(next, previous);
      if (put.ok) this.steps.written(put.record);
      if (put.ok && hasEnded(put.record)) this.recordPriceOf(put.record);
      if (put.ok && put.record.state === "PAUSED") this.onQuestion(put.record);
      if (put.ok && put.record.state === "SUCCEEDED") for (const each of this.onSuccess) each(put.record);
      if (put.ok && isHeld(put.record)) this.onHeld(put.record);
      if (put.ok && isHeld(put.record)) this.onClaim(put.record);
      return put;
    };
    watched.joinRun = async (runId, epoch, step, outcome, error, price) => {
      this.steps.writes += 1;
      this.steps.stepWrites += 1;
      const run = await store.joinRun(runId, epoch, step, outcome, error, price);
      if (run !== undefined) this.joinedRun(run, step, outcome);
      return run;
    };
    watched.joinTally = async (key, epoch, member, outcome, price) => {
      this.steps.writes += 1;
      this.steps.stepWrites += 1;
      const tally = await store.joinTally(key, epoch, member, outcome, price);
      if (tally !== undefined) this.joinedTally(key, member, outcome, tally);
      return tally;
    };
    watched.putGraph = async (hash, graph) => {
      this.graphs.set(hash, graph);
      return store.putGraph(hash, graph);
    };
    this.watchOthers(store, watched);
    watched.firstInLanes = (queue) => {
      const { worker } = this.world;
      // A worker may look several times at once. Its first look is the one that has seen least.
      if (worker !== undefined && !this.looksOf(worker).has(queue))
        this.looksOf(worker).set(queue, this.world.now);
      return store.firstInLanes(queue);
    };
    const { admitRun } = watched;
    watched.admitRun = async (run, ...rest) => {
      const waits = this.runs.get(run.runId)?.state === "QUEUED";
      const admission = await admitRun(run, ...rest);
      if (admission === "admitted" && waits) this.checkOrder(run);
      return admission;
    };
    return watched;
  }

  /** Notes what an ended record has cost. Steps that follow a run's end are in no graph and cost the run nothing. */
  private recordPriceOf(record: StepRecord): void {
    const { runId, step, index, epoch } = record;
    const run = this.runs.get(runId);
    const node = run && this.graphs.get(run.graphHash)?.steps.find(({ name }) => name === step);
    if (node === undefined) return;
    const prices = this.prices.get(runId) ?? new Map<string, number>();
    prices.set(`${step}[${index}]@${epoch}`, recordPrice(node, record).nanodollars);
    this.prices.set(runId, prices);
  }

  private looksOf(worker: object): Map<string, number> {
    const looks = this.looks.get(worker) ?? new Map<string, number>();
    this.looks.set(worker, looks);
    return looks;
  }

  /**
   * A run is not admitted while another one waits that comes before it, needs no other slots, and was there when the
   * worker looked at the queue. A run that doesn't wait takes its slot without such a look.
   */
  private checkOrder(run: Run): void {
    const { worker } = this.world;
    const lookedAt = worker && this.looksOf(worker).get(run.queue);
    if (lookedAt === undefined || run.onCollision !== "queue") return;
    const needed = new Set(run.limits.map(({ name }) => name));
    const passed = [...this.runs.values()].find(
      (other) =>
        other.state === "QUEUED" &&
        other.queue === run.queue &&
        waitingKey(other) < waitingKey(run) &&
        other.limits.every(({ name }) => needed.has(name)) &&
        (this.queuedAt.get(other.runId) ?? lookedAt) < lookedAt,
    );
    if (passed !== undefined)
      this.violations.add(
        "slots are given in order",
        `${run.runId} (priority ${run.priority}) was admitted before ${passed.runId} (priority ${passed.priority})`,
      );
  }

  /** Wraps every other call that may change a run, and checks the run afterwards. */
  private watchOthers(store: RunStore, watched: RunStore): void {
    // By name, as above.
    const target = store as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(store))) {
      const isRead = /^(constructor|get|list|due|open|waiting|first|next)/.test(name);
      if (isRead || ownWay.has(name) || typeof target[name] !== "function") continue;
      Object.assign(watched, {
        [name]: async (...args: unknown[]) => {
          this.steps.writes += 1;
          const answer = await target[name]?.apply(store, args);
          const [first] = args;
          const runId = typeof first === "string" ? first : (first as Run | undefined)?.runId;
          const run = runId === undefined ? undefined : await store.getRun(runId);
          if (run === undefined) return answer;
          if (name === "closeRun" && run.epoch === args[1]) this.closed.add(`${run.runId} ${run.epoch}`);
          const before = this.runs.get(run.runId);
          this.changedRun(run);
          if (before?.state !== run.state || before.epoch !== run.epoch) await this.onChange();
          return answer;
        },
      });
    }
  }

  /** No more runs are under way than a limit allows. */
  private checkLimits(run: Run): void {
    for (const { name, limit } of run.limits) {
      const active = [...this.runs.values()].filter(
        (each) => isUnderWay(each) && each.limits.some((its) => its.name === name),
      );
      if (active.length > limit)
        this.violations.add(
          "limits hold",
          `${active.length} runs are under way by ${name}, which allows ${limit}`,
        );
    }
  }

  private changedRun(run: Run): void {
    const before = this.runs.get(run.runId);
    this.runs.set(run.runId, run);
    this.checkLimits(run);
    const isNew = before?.state !== run.state || before.epoch !== run.epoch;
    if (isNew && run.state === "QUEUED") this.queuedAt.set(run.runId, this.world.now);
    if (run.state === "FAILED" || run.state === "TIMED_OUT") this.failed.add(run.runId);
    if (before === undefined) {
      if (run.epoch !== 1)
        this.violations.add("legal transition", `run ${run.runId} begins in epoch ${run.epoch}`);
      return;
    }
    if (before.state === run.state && before.epoch === run.epoch) return;
    this.since.set(run.runId, this.world.now);
    if (run.state === "CANCELLING") {
      this.cancelled.add(run.runId);
      this.onStop(before, run);
    }
    const reopened = run.epoch === before.epoch + 1 && "endedAt" in before;
    const legal =
      runTransitions[before.state].includes(run.state) && (reopened || run.epoch === before.epoch);
    if (!legal) {
      const change = `${before.state} ${before.epoch} → ${run.state} ${run.epoch}`;
      this.violations.add("legal transition", `run ${run.runId}: ${change}`);
    }
    if (reopened) this.checkUnchanged(before, run);
    this.checkStopped(run);
    if ("endedAt" in run && !("endedAt" in before)) this.onEnd(run);
  }

  /** A stopped run has ended its jobs. Array jobs are left out, because the events of their children may come late. */
  private checkStopped({ runId, epoch, state, graphHash }: Run): void {
    if (!wasStopped(state)) return;
    for (const record of this.steps.of(runId)) {
      const node = this.graphs.get(graphHash)?.steps.find(({ name }) => name === record.step);
      if (record.epoch === epoch && hasJobs(record) && node?.over === undefined)
        this.violations.add("a stop ends jobs", `${record.step} still has jobs when ${runId} is ${state}`);
    }
  }

  private checkUnchanged(before: Run, run: Run): void {
    const lost = [...before.progress.done].filter((step) => !run.progress.done.has(step));
    if (lost.length > 0)
      this.violations.add(
        "what succeeded stays",
        `run ${run.runId} forgot steps ${lost.join()} when it was opened again`,
      );
  }

  private joinedRun(run: Run, step: number, outcome: Outcome): void {
    const before = this.runs.get(run.runId);
    this.runs.set(run.runId, run);
    if (before?.progress[outcome].has(step)) return;
    const node = this.graphs.get(run.graphHash)?.steps[step];
    const record = node && this.steps.get(run.runId, node.name, node.over === undefined ? 0 : "map");
    this.checkJoin(`${run.runId}/${node?.name ?? step}`, outcome, record, run.epoch);
    const { done, failed, skipped } = run.progress;
    const sets = [done, failed, skipped].filter((set) => set.has(step)).length;
    if (sets > 1) this.violations.add("one join", `${run.runId}/${node?.name} was joined in ${sets} ways`);
  }

  private joinedTally(
    { runId, step, shard }: TallyKey,
    member: number,
    outcome: "done" | "failed",
    tally: Tally,
  ) {
    if (shard !== "map") {
      this.checkJoin(
        `${runId}/${step}[${member}]`,
        outcome,
        this.steps.get(runId, step, member),
        tally.epoch,
      );
    }
    const twice = tally.done.has(member) && tally.failed.has(member);
    if (twice)
      this.violations.add("one join", `${runId}/${step} shard ${shard} has ${member} as done and as failed`);
    if (tally.done.size + tally.failed.size > tally.size)
      this.violations.add("one join", `${runId}/${step} shard ${shard} counts more than its ${tally.size}`);
  }

  private checkJoin(what: string, outcome: Outcome, record: StepRecord | undefined, epoch: number): void {
    const right =
      record !== undefined &&
      hasEnded(record) &&
      statesOf[outcome].includes(record.state) &&
      (record.epoch === epoch || outcome === "done");
    if (right) return;
    const state = record === undefined ? "not stored" : `${record.state} in epoch ${record.epoch}`;
    this.violations.add(
      "commit before join",
      `${what} was joined as ${outcome} in epoch ${epoch} and is ${state}`,
    );
  }
}
