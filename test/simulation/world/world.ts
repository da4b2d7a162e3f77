import type { JobSubmission } from "../../../shared/ports/batch-service.ts";
import type { Clock } from "../../../shared/ports/clock.ts";
import type { Engine, WorkerSize } from "../../../shared/ports/engine.ts";
import { letGoLease } from "../../../shared/state/decide-claim.ts";
import type { Run } from "../../../shared/state/run.ts";
import type { HeldStep } from "../../../shared/state/step-record.ts";
import { MemoryEngine } from "../../../shared/testing/memory-engine.ts";
import { FaultLedger, subjectOf } from "../faults/fault-ledger.ts";
import type { FaultKind, FaultPlan } from "../faults/fault-plan.ts";
import { RunWatch } from "../invariants/run-watch.ts";
import { Violations } from "../invariants/violation.ts";
import type { Random } from "../random.ts";
import { simulationStart } from "../spec/simulation-start.ts";
import { shown, type Trace } from "../trace.ts";
import { gatedPort } from "./gated-port.ts";
import { LaggingIndexes } from "./lagging-indexes.ts";
import { Scheduler, type Soon } from "./scheduler.ts";
import { Task, type TaskKind } from "./task.ts";

/** Most milliseconds by which a worker's clock is off. */
export const maxSkew = 1500;

/** A call to AWS whose answer was lost. */
export class AnswerLostError extends Error {
  override readonly name = "AnswerLostError";
}

/** A call to AWS that was not taken, by the name that AWS gives it. */
export class ThrottledError extends Error {
  override readonly name: string = "ThrottlingException";
}

/** A call to AWS that broke down there. */
export class BrokenError extends Error {
  override readonly name = "InternalServerError";
}

/** Whether an error is one of a fault, and not the engine's. */
export function isSimulated(error: unknown): boolean {
  return error instanceof AnswerLostError || error instanceof ThrottledError || error instanceof BrokenError;
}

/** Milliseconds after which Batch lists a job. */
const maxListing = 120_000;

/** Milliseconds that a worker may take before it is killed: the timeouts of serverless.yml. */
const lifetimes: Readonly<Record<TaskKind, number>> = {
  message: 120_000,
  event: 30_000,
  tick: 55_000,
  start: 30_000,
  person: 30_000,
  "dead letter": 30_000,
  job: Number.POSITIVE_INFINITY,
};

/** How much likelier than others a call meets a fault: one that cannot be repeated is seldom made, and matters most. */
const dangerous: Readonly<Record<string, number>> = { submit: 8, joinRun: 3, joinTally: 3 };

/** A call on its way. */
type Call = {
  readonly task: Task;
  readonly key: string;
  readonly port: string;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly effect: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Milliseconds by which it is late, if it is. */
  readonly late: number;
  readonly draw: number;
};

/** Fields of an engine that are no ports. */
const plain: ReadonlySet<string> = new Set([
  "pipelines",
  "stage",
  "clock",
  "random",
  "log",
  "meter",
  "settings",
  "commit",
  "workerSize",
]);

/**
 * The simulated AWS account: ports in memory behind a gate, workers, virtual time. What works in it is the engine as it
 * is deployed.
 */
export class World {
  readonly scheduler: Scheduler;
  readonly violations = new Violations();
  readonly watch: RunWatch;
  readonly memory: MemoryEngine;
  readonly plan: FaultPlan;
  readonly trace: Trace;
  /** Workers that have not ended. */
  readonly live = new Set<Task>();
  readonly ledger = new FaultLedger();
  /** Minutes in which somebody looked after the runs. */
  ticks = 0;
  /** Calls made to ports. */
  calls = 0;
  /** After every call to Batch: what came of it is to be told. */
  afterBatch: () => void = () => {};
  /** Whether one process serves several workers, one after the other, as on Lambda. */
  reuse = true;
  /** Told of every answer that a worker gets. */
  onAnswer: (task: Task, method: string, outcome: unknown) => void = () => {};
  /** A job's machine is gone. */
  onJobFault: (task: Task, fault: FaultKind, args: readonly unknown[]) => void = () => {};
  private readonly names = new Map<string, number>();
  private readonly indexes = new LaggingIndexes();
  /** When the first job of a name was submitted. */
  private readonly submittedAt = new Map<string, number>();
  private base: Engine;
  private free: Engine[] = [];
  private readonly busy = new WeakMap<Task, Engine>();
  private readonly draws = new WeakMap<Task, Random>();

  constructor(plan: FaultPlan, trace: Trace, scheduler = new Scheduler(simulationStart)) {
    this.plan = plan;
    this.trace = trace;
    this.scheduler = scheduler;
    this.watch = new RunWatch(
      {
        get now() {
          return scheduler.now;
        },
        skew: 2 * maxSkew,
      },
      this.violations,
    );
    this.watch.onHeld = (record) => {
      if (this.scheduler.current !== undefined) this.ledger.turnTo(this.scheduler.current, subjectOf(record));
    };
    this.memory = new MemoryEngine([], {}, simulationStart);
    this.base = this.memory.engine;
  }

  /** Virtual time, in epoch milliseconds. */
  get now(): number {
    return this.scheduler.now;
  }

  /** Puts the engine together. */
  equip(replaced: Partial<Engine>): void {
    this.base = { ...this.base, ...replaced, store: this.watch.over(this.memory.store) };
  }

  /** Deploys pipelines: in processes that start from now on, which are all. */
  deploy(pipelines: Engine["pipelines"]): void {
    this.base = { ...this.base, pipelines };
    this.free = [];
  }

  private get running(): Task {
    const { current } = this.scheduler;
    if (current === undefined) throw new Error("a port was called, and no worker works");
    return current;
  }

  /** A process: whatever of its engine is a port goes behind the gate, and the clock is that of who works. */
  private startProcess(workerSize: WorkerSize): Engine {
    const current = () => this.running;
    const ports = Object.entries(this.base).flatMap(([key, port]) =>
      plain.has(key) || port instanceof Map
        ? []
        : [[key, gatedPort(key, port as object, this.call, current)]],
    );
    const random = () => {
      const draws = this.draws.get(this.running) ?? this.plan.drawsFor(this.running.name);
      this.draws.set(this.running, draws);
      return draws.next();
    };
    return { ...this.base, ...Object.fromEntries(ports), clock: this.clock, random, workerSize };
  }

  /** A process for a worker: one that is free, and may remember what workers before it read, or a new one. */
  private engineFor(task: Task): Engine {
    const { workerSize } = task;
    const place = this.free.findLastIndex((engine) => engine.workerSize === workerSize);
    const [engine] = this.reuse && place >= 0 ? this.free.splice(place, 1) : [];
    const own = engine ?? this.startProcess(workerSize);
    this.busy.set(task, own);
    return own;
  }

  /** A worker ended, and its process is free for the next. */
  private release(task: Task): void {
    const engine = this.busy.get(task);
    // What it still reads, others of the process would wait for: such a process is given up.
    if (task.pending === 0 && engine !== undefined && engine.pipelines === this.base.pipelines)
      this.free.push(engine);
  }

  /** A worker that has not begun. Its name is made of what it is about, and how often there was such a one. */
  task(kind: TaskKind, about: string, subject: string): Task {
    const label = about === "" ? kind : `${kind} ${about}`;
    const name = `${label} #${this.count(label)}`;
    return new Task(kind, name, subject, this.plan.skewFor(name));
  }

  /** How often there was such a thing, this time included. */
  count(label: string): number {
    const number = (this.names.get(label) ?? 0) + 1;
    this.names.set(label, number);
    return number;
  }

  /** Lets a worker begin now. */
  begin(
    task: Task,
    work: (engine: Engine) => Promise<unknown>,
    ended: (error: unknown) => void,
  ): Promise<void> {
    this.live.add(task);
    task.begunAt = this.now;
    this.trace.add(this.now, task.name, () => "begins");
    return this.scheduler.begin(
      task,
      async () => {
        await work(this.engineFor(task));
      },
      (error) => {
        if (!this.live.delete(task)) return;
        this.release(task);
        this.trace.add(this.now, task.name, () => (error === undefined ? "ends" : `throws ${String(error)}`));
        ended(error);
      },
    );
  }

  /** Ends a worker where it stands. It never learns of anything again. */
  kill(task: Task): void {
    if (task.dead) return;
    task.dead = true;
    this.live.delete(task);
    task.onKilled();
  }

  /** Decides whether a fault hits a worker at a place of its work. */
  private strike(task: Task, key: string, kinds: readonly FaultKind[], draw: number): FaultKind | undefined {
    const fault = this.plan.decide(key, kinds, draw, this.now);
    if (fault !== undefined) this.ledger.disturb(task, fault);
    return fault;
  }

  /** Makes a call for a worker: it takes its time, and may meet a fault. */
  readonly call = (
    task: Task,
    port: string,
    method: string,
    args: readonly unknown[],
    effect: () => Promise<unknown>,
  ): Promise<unknown> => {
    if (task.dead) return new Promise(() => {});
    this.calls += 1;
    task.calls += 1;
    task.pending += 1;
    const key = `${task.name}/${task.calls}`;
    const draws = this.plan.drawsFor(key);
    const draw = draws.next() / (task.exposed * (dangerous[method] ?? 1));
    const fault = this.strike(task, key, this.ledger.faultsFor(task), draw);
    const letsGo = method === "putStep" && (args[0] as Partial<HeldStep>).leaseUntil === letGoLease;
    if (fault !== undefined && letsGo) this.ledger.noteDeath(task);
    const latency = draws.between(1, 25);
    const late = draws.pick([2000, 25_000, 70_000, 110_000]);
    if (fault === "call late" || fault === "answer late") this.ledger.noteZombie(task);
    return new Promise((resolve, reject) => {
      const call: Call = { task, key, port, method, args, effect, resolve, reject, late, draw: draws.next() };
      const takes = fault === "call late" ? late : latency;
      this.scheduler.soon({ kind: "call", about: `${port}.${method}`, task }, takes, (forced) =>
        this.perform(call, forced ?? fault),
      );
      task.onIdle();
    });
  };

  /** Answers a call, unless its worker is gone. A worker that has ended may still have calls under way. */
  private answer({ task }: Call, settle: () => void): Promise<void> | void {
    if (task.dead) return undefined;
    return this.live.has(task) ? this.scheduler.answer(task, settle) : settle();
  }

  private async perform(call: Call, fault: FaultKind | undefined): Promise<void> {
    const { task, port, method, args } = call;
    if (task.dead) return;
    if (this.now - task.begunAt > lifetimes[task.kind]) return this.kill(task);
    const what = () => `${port}.${method}(${args.map(shown).join(", ")})`;
    if (fault === "worker killed before a call") {
      this.trace.add(this.now, task.name, () => `KILLED before ${what()}`);
      return this.kill(task);
    }
    if (fault === "call refused") {
      this.trace.add(this.now, task.name, () => `REFUSED ${what()}`);
      const refusal =
        call.draw < 0.5 ? new ThrottledError(`${port}.${method}`) : new BrokenError(`${port}.${method}`);
      return this.answer(call, () => call.reject(refusal));
    }
    const outcome = await this.effect(call);
    const told = () => ("value" in outcome ? shown(outcome.value) : String(outcome.error));
    this.trace.add(this.now, task.name, () => `${what()} → ${told()} ${fault?.toUpperCase() ?? ""}`);
    if (fault === "worker killed after a call") return this.kill(task);
    if (fault !== undefined && task.kind === "job") this.onJobFault(task, fault, args);
    if (fault === "answer lost") {
      return this.answer(call, () => call.reject(new AnswerLostError(`${port}.${method}`)));
    }
    const settle = () => ("value" in outcome ? call.resolve(outcome.value) : call.reject(outcome.error));
    this.noteTold(task, outcome);
    this.onAnswer(task, method, outcome);
    if (fault !== "answer late") return this.answer(call, settle);
    return this.scheduler.in(call.late, () => this.answer(call, settle));
  }

  /** What a call does, and its answer. */
  private async effect(call: Call): Promise<{ value: unknown } | { error: unknown }> {
    const { key, port, method, args, draw } = call;
    this.scheduler.current = call.task;
    try {
      const truth = await call.effect();
      if (port === "batch") this.afterBatch();
      if (method === "submit") this.noteSubmission(args[0] as JobSubmission);
      const value = this.indexes.answer(method, truth, (kind) => {
        if (kind === "job unlisted" && !this.isFresh(String(args[0]))) return false;
        const behind = this.plan.decide(`${key}/index`, [kind], draw, this.now) !== undefined;
        if (behind && kind === "job unlisted") this.ledger.noteUnlisted(String(args[0]));
        return behind;
      });
      return { value };
    } catch (error) {
      return { error };
    } finally {
      this.scheduler.current = undefined;
    }
  }

  private noteTold({ told }: Task, outcome: { value: unknown } | { error: unknown }): void {
    const run = "value" in outcome ? (outcome.value as Partial<Run> | undefined) : undefined;
    if (run?.runId !== undefined && run.progress !== undefined && run.state !== undefined)
      told.set(run.runId, run.state);
  }

  /** A function begins, or a job is submitted: in no run of which the worker knows that it is not under way. */
  begins(runId: string, step: string, fitting: readonly string[] = ["RUNNING"]): void {
    const state = this.scheduler.current?.told.get(runId) ?? "RUNNING";
    if (!fitting.includes(state))
      this.violations.add("nothing begins that is not to", `${step} began in ${runId}, known to be ${state}`);
    this.watch.begins(runId, step);
  }

  private noteSubmission({ name, environment }: JobSubmission): void {
    const { MILLRACE_RUN_ID: runId = "", MILLRACE_STEP: step = "" } = environment;
    // What was claimed before a pause goes on.
    this.begins(runId, step, ["RUNNING", "PAUSED"]);
    if (!this.submittedAt.has(name)) this.submittedAt.set(name, this.now);
  }

  /** Whether a job is so new that a list may lack it. */
  private isFresh(name: string): boolean {
    return this.now - (this.submittedAt.get(name) ?? this.now) < maxListing;
  }

  /** Lets a worker spend some time on its own work, within the time that it was allowed. */
  work(task: Task, milliseconds: number): Promise<void> {
    const { deadline } = task;
    const key = `${task.name}/work`;
    const draws = this.plan.drawsFor(key);
    const drawn = this.strike(task, key, this.ledger.workFaultsFor(task), draws.next());
    const late = draws.between(20_000, 118_000);
    if (drawn === "call late") this.ledger.noteZombie(task);
    task.pending += 1;
    let open = true;
    return new Promise((resolve) => {
      const end = (fault: FaultKind | undefined, settle: () => void) => {
        if (task.dead || !open) return undefined;
        open = false;
        this.trace.add(this.now, task.name, () => `worked ${fault?.toUpperCase() ?? ""}`);
        if (fault?.startsWith("worker killed")) return this.kill(task);
        if (fault !== undefined && task.kind === "job") this.onJobFault(task, fault, []);
        return task.dead ? undefined : this.scheduler.answer(task, settle);
      };
      const about: Soon = { kind: task.kind === "job" ? "job" : "work", about: "", task };
      if (drawn === "function too slow" && deadline !== undefined)
        this.scheduler.agenda.add(deadline.at, () => end(drawn, () => deadline.controller.abort()));
      // A worker that stands still does not notice that its time is up.
      else
        this.scheduler.soon(about, drawn === "call late" ? late : milliseconds, (forced) =>
          end(forced ?? drawn, resolve),
        );
      task.onIdle();
    });
  }

  private readonly clock: Clock = {
    now: () => this.scheduler.now + (this.scheduler.current?.skew ?? 0),
    deadline: (milliseconds) => {
      const task = this.running;
      const controller = new AbortController();
      task.deadline = { at: this.scheduler.now + milliseconds, controller };
      return {
        signal: controller.signal,
        clear: () => {
          task.deadline = undefined;
        },
      };
    },
  };
}
