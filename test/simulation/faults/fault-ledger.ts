import type { Task } from "../world/task.ts";
import type { FaultKind } from "./fault-plan.ts";

/** Names an epoch of a record: what faults cost it is counted by that. */
export function subjectOf(record: {
  runId: string;
  step: string;
  index: number | string;
  epoch: number | string;
}): string {
  const { runId, step, index, epoch } = record;
  return `${runId}/${step}[${index}]@${epoch}`;
}

/** Attempts that faults may cost a record; the engine gives up after five. */
const lossesPerSubject = 4;

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
/** Faults that are failures of the step itself. */
const countsAsFailure: ReadonlySet<FaultKind> = new Set([
  "out of memory",
  "function too slow",
  "job too slow",
]);
const workFaults: readonly FaultKind[] = ["worker killed before a call", "call late"];

/** Keeps count of what faults cost: so that no step fails for them alone, and so that what they explain can be told. */
export class FaultLedger {
  private readonly losses = new Map<string, number>();
  private readonly capacity = new Map<string, number>();
  private readonly charges = new Map<string, number>();
  /** Records whose workers stood still for so long that others took over. */
  private readonly zombies = new Set<string>();
  /** Workers of a record that died, or that could not even let go of it. */
  private readonly deaths = new Map<string, number>();
  /** Names of jobs that a list did not show. */
  private readonly unlisted = new Set<string>();

  /** Faults that hit workers of a record; each worker counts once. */
  lossesOf(subject: string): number {
    return this.losses.get(subject) ?? 0;
  }

  /** Failures that faults caused and that count, by record and epoch. */
  chargesOf(account: string): number {
    return this.charges.get(account) ?? 0;
  }

  /** Whether a job of this name may exist twice: a list did not show it, or a worker of its step woke up late. */
  maySubmitTwice(job: string): boolean {
    const [, runId = "", step = "", index = "", epoch = ""] =
      /^(.+)-([a-z0-9_]+)-(map|\d+)-(\d+)-\d+(?:-p\d+)?$/.exec(job) ?? [];
    return this.unlisted.has(job) || this.zombies.has(subjectOf({ runId, step, index, epoch }));
  }

  /** Whether a list did not show a job of this name. */
  wasUnlisted(job: string): boolean {
    return this.unlisted.has(job);
  }

  noteUnlisted(job: string): void {
    this.unlisted.add(job);
  }

  noteZombie(task: Task): void {
    task.zombie = true;
    this.zombies.add(task.subject);
  }

  /** Notes that a fault hit a worker. */
  disturb(task: Task, fault: FaultKind): void {
    task.struckAt = task.calls;
    task.strikes += 1;
    // One that is struck twice may not have let go of what it held.
    if (/killed|late/.test(fault) || task.strikes > 1) this.noteDeath(task);
    if (countsAsFailure.has(fault)) this.charge(task);
    if (fault !== "function too slow") this.lose(task);
  }

  /** A worker got hold of a record: after a tail call, of another one than its message was about. */
  turnTo(task: Task, subject: string): void {
    if (task.kind !== "message") return;
    // One whose claim was not answered does not know what it holds.
    if (task.struckAt === task.calls) this.noteDeath(task, subject);
    if (task.subject === subject) return;
    const zombie = task.zombie && task.struckAt === task.calls;
    task.subject = subject;
    task.disturbed = false;
    // What hit the claim itself costs the record that was claimed.
    if (task.struckAt === task.calls) this.lose(task);
    if (zombie) this.noteZombie(task);
  }

  /** Notes that a worker died, or that one could not let go of what it held: the next finds a lease that ran out. */
  noteDeath(task: Task, subject = task.subject): void {
    this.deaths.set(subject, this.deathsOf(subject) + 1);
  }

  /** Workers of a record that its faults cost: no more of its attempts can be lost to that. */
  deathsOf(subject: string): number {
    return this.deaths.get(subject) ?? 0;
  }

  private lose(task: Task): void {
    if (task.disturbed || task.subject === "") return;
    task.disturbed = true;
    this.losses.set(task.subject, this.lossesOf(task.subject) + 1);
  }

  /** What may happen to a worker at a call: nothing more, once its record has lost what the engine bears. */
  faultsFor(task: Task): readonly FaultKind[] {
    if (!task.disturbed && this.lossesOf(task.subject) >= lossesPerSubject) return [];
    if (task.kind !== "job") return callFaults;
    return this.mayFail(task) ? [...jobFaults, "out of memory", "job too slow"] : jobFaults;
  }

  /** What may happen to a worker while it does its own work. */
  workFaultsFor(task: Task): readonly FaultKind[] {
    const usual = this.faultsFor(task);
    if (task.kind === "job" || usual.length === 0) return usual;
    return this.mayFail(task) ? ["function too slow", ...workFaults] : workFaults;
  }

  /** Whether another failure may count against a worker's step without the step failing for it. */
  mayFail({ charged }: Task): boolean {
    return charged !== undefined && this.chargesOf(charged.account) < charged.most;
  }

  /** What may happen to a job before it begins. */
  startFaultsFor(task: Task, isFirst: boolean): readonly FaultKind[] {
    if (!task.disturbed && this.lossesOf(task.subject) >= lossesPerSubject) return [];
    return isFirst ? ["machine never starts the job", "job forgotten"] : ["machine never starts the job"];
  }

  /** Whether a job may wait for a machine until its attempt is given up: the engine bears that twice. */
  mayLackCapacity(task: Task): boolean {
    return this.mayFail(task) && (this.capacity.get(task.subject) ?? 0) < 2;
  }

  noteLackOfCapacity(task: Task): void {
    this.capacity.set(task.subject, (this.capacity.get(task.subject) ?? 0) + 1);
    this.charge(task);
  }

  /** Counts a failure that a fault causes. */
  charge({ charged }: Task): void {
    if (charged !== undefined) this.charges.set(charged.account, this.chargesOf(charged.account) + 1);
  }
}
