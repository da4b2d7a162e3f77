import type { Engine } from "../../../shared/engine.ts";
import type { Clock } from "../../../shared/platform/clock.ts";
import { MemoryEngine } from "../../../shared/testing/test-pipeline.ts";
import type { FaultKind, FaultPlan } from "../faults/fault-plan.ts";
import { RunWatch } from "../invariants/run-watch.ts";
import { Violations } from "../invariants/violation.ts";
import { shown, type Trace } from "../trace.ts";
import { gatedPort } from "./gated-port.ts";
import { Scheduler } from "./scheduler.ts";
import { Task, type TaskKind } from "./task.ts";

/** 1 January 2021, when every simulation starts. */
export const simulationStart = Date.parse("2021-01-01T00:00:00Z");

/** Most milliseconds by which a worker's clock is off. */
export const mostSkew = 1500;

/** Attempts that faults may cost a record; the engine gives up after five. */
const lossesPerSubject = 4;

/** A call to AWS that did not happen, or whose answer was lost. */
export class SimulatedFault extends Error {
  override readonly name = "SimulatedFault";
}

/** Faults that a call may meet, by what makes it. */
const callFaults: readonly FaultKind[] = [
  "worker killed before a call",
  "worker killed after a call",
  "call refused",
  "answer lost",
  "call late",
  "answer late",
];
const jobFaults: readonly FaultKind[] = ["machine taken back", "machine taken back, job goes on"];
const workFaults: readonly FaultKind[] = ["worker killed before a call", "call late"];

/** Reads that go by an index, which may be behind. */
const indexes: Readonly<Record<string, FaultKind>> = {
  dueRuns: "index stale",
  listRuns: "index stale",
  findByName: "job unlisted",
};

type Port = { readonly key: keyof Engine; readonly make: (task: Task) => object };

/**
 * The simulated AWS account: ports in memory behind a gate, workers, virtual time. What works in it is the engine as it
 * is deployed.
 */
export class World {
  readonly scheduler = new Scheduler(simulationStart);
  readonly violations = new Violations();
  readonly watch: RunWatch;
  readonly memory: MemoryEngine;
  readonly plan: FaultPlan;
  readonly trace: Trace;
  /** Workers that have not ended. */
  readonly live = new Set<Task>();
  /** Faults that hit workers of a record, by record. */
  readonly losses = new Map<string, number>();
  /** Minutes in which somebody looked after the runs. */
  ticks = 0;
  /** Calls made to ports. */
  calls = 0;
  /** After every call to Batch: what came of it is to be told. */
  afterBatch: () => void = () => {};
  /** A job's machine is gone. */
  onJobFault: (task: Task, fault: FaultKind, args: readonly unknown[]) => void = () => {};
  /** Failures that faults caused and that count, by record and epoch. */
  private readonly charges = new Map<string, number>();
  private readonly names = new Map<string, number>();
  /** Names of jobs that a list did not show. */
  private readonly unlisted = new Set<string>();
  /** Records whose workers stood still for so long that others took over. */
  private readonly zombies = new Set<string>();
  private readonly stale = new Map<string, unknown>();
  private base: Engine;
  private ports: readonly Port[] = [];

  constructor(plan: FaultPlan, trace: Trace) {
    this.plan = plan;
    this.trace = trace;
    const { scheduler } = this;
    this.watch = new RunWatch(
      {
        get now() {
          return scheduler.now;
        },
        skew: 2 * mostSkew,
      },
      this.violations,
    );
    this.memory = new MemoryEngine([], {}, simulationStart);
    this.base = this.memory.engine;
  }

  /** Virtual time, in epoch milliseconds. */
  get now(): number {
    return this.scheduler.now;
  }

  /** Puts the engine together: whatever of it is a port goes behind the gate. */
  equip(replaced: Partial<Engine>): void {
    this.base = { ...this.base, ...replaced, store: this.watch.over(this.memory.store) };
    const plain: ReadonlySet<string> = new Set(["pipelines", "clock", "random", "log", "meter", "settings"]);
    this.ports = Object.entries(this.base).flatMap(([key, port]) =>
      plain.has(key) || port instanceof Map
        ? []
        : [{ key: key as keyof Engine, make: gatedPort(key, port as object, this.call) }],
    );
  }

  /** Deploys pipelines: workers that start from now on have these. */
  deploy(pipelines: Engine["pipelines"]): void {
    this.base = { ...this.base, pipelines };
  }

  /** The engine as one worker sees it. */
  engineFor(task: Task): Engine {
    const ports = Object.fromEntries(this.ports.map(({ key, make }) => [key, make(task)]));
    const draws = this.plan.drawsFor(task.name);
    return { ...this.base, ...ports, clock: this.clockFor(task), random: () => draws.next() };
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

  /** Faults that hit workers of a record. */
  lossesOf(subject: string): number {
    return this.losses.get(subject) ?? 0;
  }

  /** Failures that faults caused, by record and epoch. */
  chargesOf(account: string): number {
    return this.charges.get(account) ?? 0;
  }

  /** Whether a job of this name may exist twice: a list did not show it, or a worker of its step woke up late. */
  maySubmitTwice(job: string): boolean {
    const [, step = "", index = ""] = /-([a-z0-9_]+)-(map|\d+)-\d+-\d+(?:-p\d+)?$/.exec(job) ?? [];
    return this.unlisted.has(job) || this.zombies.has(`${step}[${index}]`);
  }

  /** Lets a worker begin now. */
  begin(
    task: Task,
    work: (engine: Engine) => Promise<unknown>,
    ended: (error: unknown) => void,
  ): Promise<void> {
    this.live.add(task);
    this.trace.add(this.now, task.name, () => "begins");
    return this.scheduler.begin(
      task,
      async () => {
        await work(this.engineFor(task));
      },
      (error) => {
        if (!this.live.delete(task)) return;
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

  /** Notes that a fault hit a worker; each worker counts once against its record. */
  private disturb(task: Task, fault: FaultKind): void {
    if (fault === "out of memory") this.charge(task);
    if (task.disturbed || task.subject === "") return;
    task.disturbed = true;
    this.losses.set(task.subject, this.lossesOf(task.subject) + 1);
  }

  /** What may happen to a worker at a call: nothing more, once its record has lost what the engine bears. */
  private faultsFor(task: Task): readonly FaultKind[] {
    if (!task.disturbed && this.lossesOf(task.subject) >= lossesPerSubject) return [];
    if (task.kind !== "job") return callFaults;
    return this.mayFail(task) ? [...jobFaults, "out of memory"] : jobFaults;
  }

  /** Whether another failure may count against a worker's step without the step failing for it. */
  mayFail({ charged }: Task): boolean {
    return charged !== undefined && this.chargesOf(charged.account) < charged.most;
  }

  /** Counts a failure that a fault causes. */
  charge({ charged }: Task): void {
    if (charged !== undefined) this.charges.set(charged.account, this.chargesOf(charged.account) + 1);
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
    const fault = this.plan.decide(key, this.faultsFor(task), draws.next(), this.now);
    if (fault !== undefined) this.disturb(task, fault);
    const latency = draws.between(1, 25);
    const late = draws.pick([2000, 70_000, 130_000, 800_000]);
    if (fault === "call late" || fault === "answer late") this.holdUp(task, late);
    const what = () => `${port}.${method}(${args.map(shown).join(", ")})`;
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void) =>
        this.live.has(task) ? this.scheduler.answer(task, settle) : settle();
      this.scheduler.in(fault === "call late" ? late : latency, async () => {
        if (task.dead) return;
        if (fault === "worker killed before a call") {
          this.trace.add(this.now, task.name, () => `KILLED before ${what()}`);
          return this.kill(task);
        }
        if (fault === "call refused") {
          this.trace.add(this.now, task.name, () => `REFUSED ${what()}`);
          return answer(() => reject(new SimulatedFault(`${port}.${method} was throttled`)));
        }
        const outcome = await this.effect(key, port, method, args, effect, draws.next());
        this.trace.add(
          this.now,
          task.name,
          () =>
            `${what()} → ${"value" in outcome ? shown(outcome.value) : String(outcome.error)}${fault === undefined ? "" : ` ${fault.toUpperCase()}`}`,
        );
        if (fault === "worker killed after a call") return this.kill(task);
        if (fault !== undefined && task.kind === "job") this.onJobFault(task, fault, args);
        if (task.dead) return;
        if (fault === "answer lost")
          return answer(() => reject(new SimulatedFault(`the answer of ${port}.${method} was lost`)));
        const settle = () => ("value" in outcome ? resolve(outcome.value) : reject(outcome.error));
        if (fault !== "answer late") return answer(settle);
        return this.scheduler.in(late, () => answer(settle));
      });
      task.onIdle();
    });
  };

  /** What a call does, and its answer. Indexes may answer as they would have some time ago. */
  private async effect(
    key: string,
    port: string,
    method: string,
    args: readonly unknown[],
    effect: () => Promise<unknown>,
    draw: number,
  ): Promise<{ value: unknown } | { error: unknown }> {
    const kind = indexes[method];
    try {
      const value = await effect();
      if (port === "batch") this.afterBatch();
      return {
        value: kind === undefined ? value : this.indexed(`${key}/index`, kind, method, args, value, draw),
      };
    } catch (error) {
      return { error };
    }
  }

  private holdUp(task: Task, milliseconds: number): void {
    task.zombie = true;
    this.zombies.add(task.subject);
    task.onHeldUp(milliseconds);
  }

  private workFaultsFor(task: Task): readonly FaultKind[] {
    const usual = this.faultsFor(task);
    if (task.kind === "job" || usual.length === 0) return usual;
    return this.mayFail(task) ? ["function too slow", ...workFaults] : workFaults;
  }

  /** What an index answers: the truth, or what it was at some earlier time. */
  private indexed(
    key: string,
    kind: FaultKind,
    method: string,
    args: readonly unknown[],
    now: unknown,
    draw: number,
  ) {
    const none = method === "listRuns" ? { runs: [] } : [];
    const before = kind === "job unlisted" ? none : (this.stale.get(method) ?? none);
    // An index that is behind and yet right is no fault.
    const differs = JSON.stringify(before) !== JSON.stringify(now);
    if (!differs || this.plan.decide(key, [kind], draw, this.now) === undefined) {
      this.stale.set(method, now);
      return now;
    }
    if (kind === "job unlisted") this.unlisted.add(String(args[0]));
    return before;
  }

  /** Lets a worker spend some time on its own work, within the time that it was allowed. */
  work(task: Task, milliseconds: number): Promise<void> {
    const { deadline } = task;
    const key = `${task.name}/work`;
    const draws = this.plan.drawsFor(key);
    const fault = this.plan.decide(key, this.workFaultsFor(task), draws.next(), this.now);
    if (fault === "function too slow") this.charge(task);
    else if (fault !== undefined) this.disturb(task, fault);
    const takes = fault === "call late" ? draws.between(60_000, 900_000) : milliseconds;
    if (fault === "call late") this.holdUp(task, takes);
    task.pending += 1;
    const state = { open: true };
    return new Promise((resolve) => {
      const go = (settle: () => void) => {
        if (task.dead || !state.open) return;
        state.open = false;
        return this.scheduler.answer(task, settle);
      };
      const end = (then: () => Promise<void> | void) => () => {
        this.trace.add(
          this.now,
          task.name,
          () => `worked${fault === undefined ? "" : ` ${fault.toUpperCase()}`}`,
        );
        if (fault?.startsWith("worker killed")) return this.kill(task);
        if (fault !== undefined && task.kind === "job") this.onJobFault(task, fault, []);
        return then();
      };
      if (fault === "function too slow" && deadline !== undefined) {
        this.scheduler.agenda.add(
          deadline.at,
          end(() => go(() => deadline.controller.abort())),
        );
      } else {
        // A worker that stands still does not notice that its time is up.
        this.scheduler.in(
          takes,
          end(() => go(resolve)),
        );
      }
      task.onIdle();
    });
  }

  private clockFor(task: Task): Clock {
    const { scheduler } = this;
    return {
      now: () => scheduler.now + task.skew,
      deadline: (milliseconds) => {
        const controller = new AbortController();
        task.deadline = { at: scheduler.now + milliseconds, controller };
        return {
          signal: controller.signal,
          clear: () => {
            task.deadline = undefined;
          },
        };
      },
    };
  }
}
