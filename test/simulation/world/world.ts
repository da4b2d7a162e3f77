import type { JobSubmission } from "../../../shared/ports/batch-service.ts";
import type { Engine } from "../../../shared/ports/engine.ts";
import type { FunctionCall } from "../../../shared/ports/function-invoker.ts";
import { releasedLease } from "../../../shared/state/decide-claim.ts";
import type { Run } from "../../../shared/state/run.ts";
import type { HeldStep } from "../../../shared/state/step-record.ts";
import { MemoryEngine } from "../../../shared/testing/memory-engine.ts";
import { FaultLedger, subjectOf } from "../faults/fault-ledger.ts";
import { type FaultKind, type FaultPlan, focusFactor } from "../faults/fault-plan.ts";
import { BackfillWatch } from "../invariants/backfill-watch.ts";
import { checkList } from "../invariants/list-check.ts";
import { RunWatch } from "../invariants/run-watch.ts";
import { Violations } from "../invariants/violation.ts";
import { simulationStart } from "../spec/simulation-start.ts";
import { shown, type Trace } from "../trace.ts";
import { blockProcess } from "./blocked-process.ts";
import { JobSubmissions } from "./job-submissions.ts";
import { LaggingIndexes } from "./lagging-indexes.ts";
import { Processes } from "./processes.ts";
import { Scheduler, type Soon } from "./scheduler.ts";
import { AnswerLostError, BrokenError, ThrottledError } from "./simulated-errors.ts";
import { Task, type TaskKind } from "./task.ts";
import { ThrottledPartitions } from "./throttled-partitions.ts";
import { setAlarm, workerClock } from "./worker-clock.ts";
import { dangerous, lifetimes } from "./worker-limits.ts";
import { workerWatchdog } from "./worker-watchdog.ts";

/** Max. number of milliseconds by which a worker's clock is off. */
export const maxSkew = 1500;

/** How many records a page of a listing of steps has: few, so that something happens between two pages. */
const stepsPerPage = 3;

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
  /** By how many milliseconds it's late, if it is. */
  readonly late: number;
  readonly draw: number;
};

/**
 * The simulated AWS account: ports in memory behind a gate, workers, and virtual time. The engine in it is the one that
 * is deployed.
 */
export class World {
  readonly scheduler: Scheduler;
  readonly violations = new Violations();
  readonly watch: RunWatch;
  readonly backfills: BackfillWatch;
  readonly memory: MemoryEngine;
  readonly plan: FaultPlan;
  readonly trace: Trace;
  /** Workers that have not ended. */
  readonly live = new Set<Task>();
  readonly ledger = new FaultLedger();
  /** How many ticks have looked after the runs, one each minute. */
  ticks = 0;
  /** Calls made to ports. */
  calls = 0;
  /** Called after every call to Batch, because its effects must be reported. */
  afterBatch: () => void = () => {};
  /** Called for every answer that a worker gets. */
  onAnswer: (task: Task, method: string, outcome: unknown) => void = () => {};
  /** Called for every call on which the seed focuses, with the call's name. */
  onFocus: (key: string) => void = () => {};
  /** Called if a job loses its machine. */
  onJobFault: (task: Task, fault: FaultKind, args: readonly unknown[]) => void = () => {};
  private readonly names = new Map<string, number>();
  private readonly indexes = new LaggingIndexes();
  private readonly partitions: ThrottledPartitions;
  private readonly submissions = new JobSubmissions();
  readonly processes: Processes;

  constructor(plan: FaultPlan, trace: Trace, scheduler = new Scheduler(simulationStart)) {
    this.plan = plan;
    this.partitions = new ThrottledPartitions(plan);
    this.trace = trace;
    this.scheduler = scheduler;
    this.watch = new RunWatch(
      {
        get now() {
          return scheduler.now;
        },
        get worker() {
          return scheduler.current;
        },
        skew: 2 * maxSkew,
      },
      this.violations,
    );
    this.watch.onHeld = (record) => {
      if (this.scheduler.current !== undefined) this.ledger.turnTo(this.scheduler.current, subjectOf(record));
    };
    this.backfills = new BackfillWatch(this, this.violations);
    this.watch.onStop = (before, run) => this.backfills.stopped(before, run);
    this.memory = new MemoryEngine([], {}, simulationStart);
    this.memory.store.stepsPerPage = stepsPerPage;
    const parts = {
      running: () => this.running,
      clock: workerClock(this),
      watchdog: workerWatchdog(() => this.running),
    };
    this.processes = new Processes(this.memory.engine, plan, this.call, parts);
  }

  /** Virtual time, in epoch milliseconds. */
  get now(): number {
    return this.scheduler.now;
  }

  /** Replaces parts of the engine. */
  equip(replaced: Partial<Engine>): void {
    const store = this.watch.over(this.memory.store);
    const backfills = this.backfills.over(this.memory.engine.backfills);
    this.processes.equip({ ...replaced, store, backfills });
  }

  /** Deploys pipelines. Old processes aren't used again, so every worker that begins now has them. */
  deploy(pipelines: Engine["pipelines"]): void {
    this.processes.deploy(pipelines);
  }

  /** The active worker. */
  get running(): Task {
    const { current } = this.scheduler;
    if (current === undefined) throw new Error("a port was called, and no worker works");
    return current;
  }

  /** A worker that hasn't begun. Its name consists of its subject and a running number. */
  task(kind: TaskKind, about: string, subject: string): Task {
    const label = about === "" ? kind : `${kind} ${about}`;
    const name = `${label} #${this.count(label)}`;
    return new Task(kind, name, subject, this.plan.skewFor(name));
  }

  /** How often this label was used, including this time. */
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
        await work(this.processes.engineFor(task));
      },
      (error) => {
        if (!this.live.delete(task)) return;
        this.processes.release(task);
        this.trace.add(this.now, task.name, () => (error === undefined ? "ends" : `throws ${String(error)}`));
        ended(error);
      },
    );
  }

  /** Ends a worker where it stands. It never learns anything again. */
  kill(task: Task): void {
    if (task.dead) return;
    task.dead = true;
    this.live.delete(task);
    task.onKilled();
  }

  /** Decides whether a fault hits a worker at this point of its work. */
  private strike(
    task: Task,
    key: string,
    kinds: readonly FaultKind[],
    draw: number,
    danger = 1,
  ): FaultKind | undefined {
    const fault = this.plan.decide(key, kinds, draw, this.now, danger);
    if (fault !== undefined) this.ledger.disturb(task, fault);
    return fault;
  }

  /** Makes a call for a worker. The call takes time, and may meet a fault. */
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
    const isFocus = this.plan.focusesOn(port, method);
    const danger = task.exposed * (dangerous[method] ?? 1) * (isFocus ? focusFactor : 1);
    const draw = draws.next();
    if (isFocus) this.onFocus(key);
    const isThrottled = this.partitions.refuses(task, key, port, args, this.now, isFocus ? focusFactor : 1);
    // A function that goes on after its worker's end meets no more faults.
    const kinds = isThrottled || !this.live.has(task) ? [] : this.ledger.faultsFor(task);
    const fault = this.strike(task, key, kinds, draw, danger);
    const written = method === "putStep" ? (args[0] as Partial<HeldStep>) : {};
    const letsGo = written.leaseUntil === releasedLease;
    if (fault !== undefined && letsGo) this.ledger.recordDeath(task);
    // A block took so much of the function's time that it begins again, in a worker of its own.
    if (letsGo && written.alone === true) this.ledger.interrupt(task);
    const latency = draws.between(1, port === "batch" ? 400 : 25);
    const late = draws.pick([2000, 25_000, 70_000, 110_000]);
    const isLate = fault === "call late" || fault === "answer late";
    if (isLate) this.ledger.recordZombie(task);
    if (isLate && task.runs.size > 0) this.delayFunction(task);
    return new Promise((resolve, reject) => {
      const call: Call = { task, key, port, method, args, effect, resolve, reject, late, draw: draws.next() };
      const takes = fault === "call late" ? late : latency;
      this.scheduler.soon({ kind: "call", about: `${port}.${method}`, task }, takes, (forced) =>
        this.perform(call, forced ?? (isThrottled ? "partition throttled" : fault)),
      );
      task.onIdle();
    });
  };

  /** Answers a call, unless its worker is gone. A worker that has ended may still have open calls. */
  private answer(call: Call, settle: () => void): Promise<void> | void {
    const { task } = call;
    if (task.dead) return undefined;
    const still = task.frozenUntil - this.now;
    if (still === Number.POSITIVE_INFINITY) return undefined;
    if (still > 0) return this.scheduler.in(still, () => this.answer(call, settle));
    return this.live.has(task) ? this.scheduler.answer(task, settle) : this.scheduler.wake(task, settle);
  }

  /** A call of a function takes so long that the function's time may end before it. */
  private delayFunction(task: Task): void {
    task.late += 1;
    this.ledger.noteLateEffect(task);
    this.ledger.charge(task);
    if (task.deadline !== undefined) setAlarm(this, task, task.deadline);
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
    if (fault === "partition throttled") {
      this.trace.add(this.now, task.name, () => `THROTTLED ${what()}`);
      // A function whose own call is throttled, such as a notice that reads the run, loses its attempt.
      if (task.runs.size > 0) this.ledger.interrupt(task);
      // The watch thread may find no moment at which it can release what the blocked worker holds.
      for (const subject of task.answersFor) this.ledger.recordDeath(task, subject);
      return this.answer(call, () => call.reject(new ThrottledError(`${port}.${method}`)));
    }
    if (fault === "call refused") {
      this.trace.add(this.now, task.name, () => `REFUSED ${what()}`);
      const refusal =
        call.draw < 0.5 ? new ThrottledError(`${port}.${method}`) : new BrokenError(`${port}.${method}`);
      return this.answer(call, () => call.reject(refusal));
    }
    const outcome = await this.effect(call);
    const outcomeText = () => ("value" in outcome ? shown(outcome.value) : String(outcome.error));
    this.trace.add(this.now, task.name, () => `${what()} → ${outcomeText()} ${fault?.toUpperCase() ?? ""}`);
    if (fault === "worker killed after a call") return this.kill(task);
    if (fault !== undefined && task.kind === "job") this.onJobFault(task, fault, args);
    if (fault === "answer lost") {
      return this.answer(call, () => call.reject(new AnswerLostError(`${port}.${method}`)));
    }
    const settle = () => ("value" in outcome ? call.resolve(outcome.value) : call.reject(outcome.error));
    this.recordKnownState(task, outcome);
    this.onAnswer(task, method, outcome);
    if (fault !== "answer late") return this.answer(call, settle);
    return this.scheduler.in(call.late, () => this.answer(call, settle));
  }

  /** Carries out a call, and returns its answer. */
  private async effect(call: Call): Promise<{ value: unknown } | { error: unknown }> {
    const { key, port, method, args, draw } = call;
    this.scheduler.current = call.task;
    try {
      const truth = await call.effect();
      if (port === "batch") this.afterBatch();
      if (method === "listSteps") checkList(this, call.task, args[0], args[1]);
      if (method === "submit") this.recordSubmission(args[0] as JobSubmission);
      if (method === "invoke") this.recordCall(args[0] as FunctionCall);
      const value = this.indexes.answer(method, truth, (kind) => {
        if (kind === "job unlisted" && !this.submissions.mayBeUnlisted(String(args[0]), this.now))
          return false;
        const behind = this.plan.decide(`${key}/index`, [kind], draw, this.now) !== undefined;
        if (behind && kind === "job unlisted") this.ledger.recordUnlisted(String(args[0]));
        return behind;
      });
      return { value };
    } catch (error) {
      return { error };
    } finally {
      this.scheduler.current = undefined;
    }
  }

  private recordKnownState(
    { knownStates: outcomeText }: Task,
    outcome: { value: unknown } | { error: unknown },
  ): void {
    const run = "value" in outcome ? (outcome.value as Partial<Run> | undefined) : undefined;
    if (run?.runId !== undefined && run.progress !== undefined && run.state !== undefined)
      outcomeText.set(run.runId, run.state);
  }

  /** Checks a function that begins or a job that is submitted: its worker must not know that the run has stopped. */
  begins(runId: string, step: string, fitting: readonly string[] = ["RUNNING"]): void {
    const state = this.scheduler.current?.knownStates.get(runId) ?? "RUNNING";
    if (!fitting.includes(state))
      this.violations.add("nothing begins that is not to", `${step} began in ${runId}, known to be ${state}`);
    this.watch.begins(runId, step);
  }

  private recordSubmission({ name, environment }: JobSubmission): void {
    this.recordCall({ environment });
    this.submissions.add(name, this.now);
  }

  private recordCall({ environment }: Pick<FunctionCall, "environment">): void {
    const { MILLRACE_RUN_ID: runId = "", MILLRACE_STEP: step = "" } = environment;
    // What was claimed before a pause continues.
    this.begins(runId, step, ["RUNNING", "PAUSED"]);
  }

  /** Lets a worker spend some time on its own work, within its time limit. */
  work(task: Task, milliseconds: number): Promise<void> {
    const { deadline } = task;
    const key = `${task.name}/work`;
    const draws = this.plan.drawsFor(key);
    const drawn = this.strike(task, key, this.ledger.workFaultsFor(task), draws.next());
    const drawnLate = draws.between(20_000, 118_000);
    // A worker that stands still for longer than its function may has had a timeout.
    const isPast = drawn === "call late" && deadline !== undefined && this.now + drawnLate > deadline.at;
    const late =
      isPast && !this.ledger.mayFail(task) ? Math.max(0, deadline.at - this.now - 3000) : drawnLate;
    if (isPast && this.ledger.mayFail(task)) this.ledger.charge(task);
    if (drawn === "call late") this.ledger.recordZombie(task);
    const blocked =
      drawn === "function blocks" && deadline !== undefined ? blockProcess(this, task, deadline, draws) : 0;
    task.pending += 1;
    let open = true;
    return new Promise((resolve) => {
      const end = (fault: FaultKind | undefined, settle: () => void): Promise<void> | void => {
        if (task.dead || !open || task.frozenUntil === Number.POSITIVE_INFINITY) return undefined;
        const still = task.frozenUntil - this.now;
        if (still > 0) return this.scheduler.in(still, () => end(fault, settle));
        open = false;
        this.trace.add(this.now, task.name, () => `worked ${fault?.toUpperCase() ?? ""}`);
        if (fault?.startsWith("worker killed")) return this.kill(task);
        if (fault !== undefined && task.kind === "job") this.onJobFault(task, fault, []);
        if (task.dead) return undefined;
        return this.live.has(task) ? this.scheduler.answer(task, settle) : this.scheduler.wake(task, settle);
      };
      const about: Soon = { kind: task.kind === "job" ? "job" : "work", about: "", task };
      if (blocked === undefined) return task.onIdle();
      if (drawn === "function too slow" && deadline !== undefined)
        this.scheduler.agenda.add(deadline.at, () =>
          end(drawn, () => {
            deadline.controller.abort();
            // The function doesn't notice, and goes on in the process.
            this.scheduler.in(draws.between(1, 100_000), () =>
              task.dead ? undefined : this.scheduler.wake(task, resolve),
            );
          }),
        );
      // A worker that stands still doesn't notice that its time is up.
      else
        this.scheduler.soon(about, drawn === "call late" ? late : milliseconds + blocked, (forced) =>
          end(forced ?? drawn, resolve),
        );
      task.onIdle();
    });
  }
}
