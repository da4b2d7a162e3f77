import { lossLimits } from "../../../shared/state/failure.ts";
import type { Task } from "../world/task.ts";
import type { FaultKind } from "./fault-plan.ts";

/** Names an epoch of a record. Losses to faults are counted by this name. */
export function subjectOf(record: {
  runId: string;
  step: string;
  index: number | string;
  epoch: number | string;
}): string {
  const { runId, step, index, epoch } = record;
  return `${runId}/${step}[${index}]@${epoch}`;
}

/** A subject without its epoch: a late effect may come after the run was retried. */
function placeOf(subject: string): string {
  return subject.slice(0, subject.lastIndexOf("@"));
}

/** How many attempts faults may cost a record. The engine gives up after five. */
const lossesPerSubject = 4;

/** Faults that can hit a call, by what makes the call. */
const callFaults: readonly FaultKind[] = [
  "worker killed before a call",
  "worker killed after a call",
  "call refused",
  "answer lost",
  "call late",
  "answer late",
];
const jobFaults: readonly FaultKind[] = ["machine taken back", "machine taken back, job goes on"];
/** Faults that count as failures of the step itself. */
const countsAsFailure: ReadonlySet<FaultKind> = new Set([
  "out of memory",
  "function too slow",
  "job too slow",
]);
/** Faults after which no other worker has to do the work again, or that are noted where they are decided. */
const costsNoAttempt: ReadonlySet<FaultKind> = new Set(["function too slow", "function blocks"]);
const workFaults: readonly FaultKind[] = ["worker killed before a call", "call late"];
/**
 * Faults that can hit a call that a function makes. A refusal would be the function's own failure, and a call that takes
 * longer than the function may is one too.
 */
const functionFaults: readonly FaultKind[] = ["worker killed before a call", "worker killed after a call"];
const lateFaults: readonly FaultKind[] = ["call late", "answer late"];

/**
 * Counts what faults cost, so that no step fails because of faults alone, and so that the checks know what faults
 * explain.
 */
export class FaultLedger {
  private readonly losses = new Map<string, number>();
  private readonly capacity = new Map<string, number>();
  private readonly charges = new Map<string, number>();
  /** Records with a worker that stood still for so long that others took over. */
  private readonly zombies = new Set<string>();
  /** How many workers of a record died, or couldn't release it. */
  private readonly deaths = new Map<string, number>();
  /** How many messages of a record became dead letters. */
  private readonly deadLetters = new Map<string, number>();
  /** Records whose functions made calls that took effect late. */
  private readonly lateEffects = new Set<string>();
  /** Names of jobs that were missing in a list. */
  private readonly unlisted = new Set<string>();

  /** Faults that hit workers of a record; each worker counts once. */
  lossesOf(subject: string): number {
    return this.losses.get(subject) ?? 0;
  }

  /** Failures that were caused by faults and that count, by record and epoch. */
  chargesOf(account: string): number {
    return this.charges.get(account) ?? 0;
  }

  /** Whether a job of this name may exist twice: a list missed it, or a worker of its step woke up late. */
  maySubmitTwice(job: string): boolean {
    const [, runId = "", step = "", index = "", epoch = ""] =
      /^(.+)-([a-z0-9_]+)-(map|\d+)-(\d+)-\d+(?:-p\d+)?$/.exec(job) ?? [];
    return this.unlisted.has(job) || this.zombies.has(subjectOf({ runId, step, index, epoch }));
  }

  /** Whether a list missed a job of this name. */
  wasUnlisted(job: string): boolean {
    return this.unlisted.has(job);
  }

  recordUnlisted(job: string): void {
    this.unlisted.add(job);
  }

  recordZombie(task: Task): void {
    task.zombie = true;
    this.zombies.add(task.subject);
  }

  /** Whether faults hit workers of a record. */
  wasDisturbed(subject: string): boolean {
    return this.lossesOf(subject) > 0 || this.zombies.has(subject);
  }

  /** Notes that a fault hit a worker. */
  disturb(task: Task, fault: FaultKind): void {
    task.struckAt = task.calls;
    task.strikes += 1;
    // A worker that is struck twice may not have released what it held.
    // Nor may one that handles a dead letter, because it claims the step only to give it back.
    const mayHold = task.strikes > 1 || task.kind === "dead letter";
    if (/killed|late/.test(fault) || mayHold) this.recordDeath(task);
    for (const subject of task.answersFor) this.recordDeath(task, subject);
    if (countsAsFailure.has(fault)) this.charge(task);
    if (!costsNoAttempt.has(fault)) this.lose(task);
  }

  /** Whether a worker's record may lose one more attempt to faults. */
  mayLose(task: Task): boolean {
    return task.disturbed || this.lossesOf(task.subject) < lossesPerSubject;
  }

  /** Notes that a worker was ended because of a block: its function runs again, and no worker counts as lost. */
  interrupt(task: Task): void {
    this.lose(task);
  }

  /** Whether an effect of a record's earlier attempt may still come, because its call was on its way. */
  mayOverwrite(subject: string): boolean {
    return this.lateEffects.has(placeOf(subject));
  }

  noteLateEffect({ subject }: Task): void {
    this.lateEffects.add(placeOf(subject));
  }

  /** Notes that a worker claimed a record. After a tail call, it's a different record than in the worker's message. */
  turnTo(task: Task, subject: string): void {
    if (task.kind !== "message") return;
    // If the claim's answer was lost, the worker doesn't know what it holds.
    if (task.struckAt === task.calls) this.recordDeath(task, subject);
    if (task.subject === subject) return;
    const zombie = task.zombie && task.struckAt === task.calls;
    task.subject = subject;
    task.disturbed = false;
    // A fault that hit the claim itself counts for the claimed record.
    if (task.struckAt === task.calls) this.lose(task);
    if (zombie) this.recordZombie(task);
  }

  /** Notes that a worker died or couldn't release what it held, so that the next worker finds an expired lease. */
  recordDeath(task: Task, subject = task.subject): void {
    this.deaths.set(subject, this.deathsOf(subject) + 1);
  }

  /** How many of a record's workers faults cost. The record can't lose more attempts than this to faults. */
  deathsOf(subject: string): number {
    return this.deaths.get(subject) ?? 0;
  }

  noteDeadLetter(subject: string): void {
    this.deadLetters.set(subject, this.deadLettersOf(subject) + 1);
  }

  /** How many of a record's messages became dead letters. The record can't lose more attempts than this to them. */
  deadLettersOf(subject: string): number {
    return this.deadLetters.get(subject) ?? 0;
  }

  /** Whether faults may turn a message into a dead letter without making its step fail. */
  mayDie(subject: string): boolean {
    return this.deadLettersOf(subject) < lossLimits.delivery;
  }

  private lose(task: Task): void {
    if (task.disturbed || task.subject === "") return;
    task.disturbed = true;
    this.losses.set(task.subject, this.lossesOf(task.subject) + 1);
  }

  /** Faults that can hit a worker at a call. None, if its record has already lost as much as the engine tolerates. */
  faultsFor(task: Task): readonly FaultKind[] {
    if (!task.disturbed && this.lossesOf(task.subject) >= lossesPerSubject) return [];
    if (task.runs.size > 0) return this.mayFail(task) ? [...functionFaults, ...lateFaults] : functionFaults;
    if (task.kind !== "job") return callFaults;
    return this.mayFail(task) ? [...jobFaults, "out of memory", "job too slow"] : jobFaults;
  }

  /** Faults that can hit a worker during its own work. */
  workFaultsFor(task: Task): readonly FaultKind[] {
    const applicable = this.faultsFor(task);
    if (task.kind === "job" || applicable.length === 0) return applicable;
    const others: readonly FaultKind[] = [...workFaults, "function blocks"];
    return this.mayFail(task) ? ["function too slow", ...others] : others;
  }

  /** Whether one more failure may count against a worker's step without making the step fail. */
  mayFail({ charged }: Task): boolean {
    return charged !== undefined && this.chargesOf(charged.account) < charged.max;
  }

  /** Faults that can hit a job before it begins. */
  startFaultsFor(task: Task, isFirst: boolean): readonly FaultKind[] {
    if (!task.disturbed && this.lossesOf(task.subject) >= lossesPerSubject) return [];
    return isFirst ? ["machine never starts the job", "job forgotten"] : ["machine never starts the job"];
  }

  /** Whether a job may wait for a machine until its attempt is given up. The engine tolerates that twice. */
  mayLackCapacity(task: Task): boolean {
    return this.mayFail(task) && this.lacksOf(task.subject) < 2;
  }

  /** How often a record's job waited for a machine until its attempt was given up. */
  lacksOf(subject: string): number {
    return this.capacity.get(subject) ?? 0;
  }

  recordLackOfCapacity(task: Task): void {
    this.capacity.set(task.subject, this.lacksOf(task.subject) + 1);
    this.charge(task);
  }

  /** Counts a failure that was caused by a fault. */
  charge({ charged }: Task): void {
    if (charged !== undefined) this.charges.set(charged.account, this.chargesOf(charged.account) + 1);
  }
}
