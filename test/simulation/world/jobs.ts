import type { JobExit } from "../../../shared/adapters/memory/memory-batch-service.ts";
import { identityOf, type JobIdentity } from "../../../shared/batch/job-environment.ts";
import { attemptFiles } from "../../../shared/objects/layout.ts";
import type { Json } from "../../../shared/pipeline/index.ts";
import { isSpotQueue } from "../../../shared/pipeline/job.ts";
import {
  type BatchService,
  isOver,
  type JobDetail,
  type JobTryDetail,
} from "../../../shared/ports/batch-service.ts";
import { hasEnded, hasJobs } from "../../../shared/state/step-record.ts";
import { runJob } from "../../../shared/testing/run-job.ts";
import { subjectOf } from "../faults/fault-ledger.ts";
import type { FaultKind } from "../faults/fault-plan.ts";
import { makerOf } from "../spec/pure-work.ts";
import type { Task } from "./task.ts";
import type { World } from "./world.ts";

/** Does the work of a job. The simulation decides how long it takes. */
export type JobBody = (job: JobIdentity, input: Json, task: Task) => Promise<Json>;

/** Milliseconds after which a machine comes too late, because the engine has already given the job up. */
const machineDelay = 6 * 3_600_000;

/** Milliseconds that a job of a stopped run may go on. The last look comes after three minutes. */
const maxEnding = 90_000;

const takenBack: JobTryDetail = { statusReason: "Host EC2 (instance i-0123456789abcdef0) terminated." };
const outOfMemory: JobExit = {
  exitCode: 137,
  statusReason: "Essential container in task exited",
  containerReason: "OutOfMemoryError: Container killed due to memory usage",
};

const outOfTime: JobExit = { exitCode: 137, statusReason: "Job attempt duration exceeded timeout" };
const notStarted: JobTryDetail = { statusReason: "Task failed to start" };

/** How a job ends if a fault hits it while it works. */
const exits: Partial<Readonly<Record<FaultKind, JobExit>>> = {
  "out of memory": outOfMemory,
  "job too slow": outOfTime,
};

/** The machines behind the job queue: jobs wait, start, work and end, each at its own time. */
export class Jobs {
  /** Called for everything that happens to a job. */
  onEvent: (event: JobDetail) => void = () => {};
  /** Attempts whose job was hit by a fault, or forgotten, after it had written its manifest. */
  readonly complete: JobIdentity[] = [];
  private readonly world: World;
  private readonly body: JobBody;
  private readonly known = new Set<string>();
  /** Spot machines that jobs lost, by the record's epoch. */
  private readonly spotLosses = new Map<string, number>();
  /** Ids of jobs that the engine asked Batch to terminate. */
  private readonly ending = new Set<string>();
  private readonly workers = new Map<string, Task>();

  constructor(world: World, body: JobBody) {
    this.world = world;
    this.body = body;
    world.afterBatch = () => this.look();
    world.onJobFault = (task, fault, args) => this.struck(task, fault, args);
  }

  /** AWS Batch for the engine. Terminating a job takes a while, so the job may end by itself first. */
  service(): BatchService {
    const { batch } = this.world.memory;
    const terminate = async (id: string, reason: string) => {
      this.ending.add(id);
      const key = `terminate ${id} ${this.world.count(`terminate ${id}`)}`;
      const takes = this.world.plan.drawsFor(key).pick([1, 20, 5000, 40_000]);
      const end = async () => {
        await batch.terminate(id, reason);
        this.look();
      };
      this.world.scheduler.in(takes, end, `${id} is ended`);
    };
    return Object.assign(Object.create(batch), { terminate });
  }

  /** How often jobs were submitted, by name. More than once means that a submission wasn't recognised. */
  submitted(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const name of this.world.memory.batch.submitted()) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  }

  /** Passes on the events of jobs, and accepts new jobs. */
  private look(): void {
    const { batch } = this.world.memory;
    for (const event of batch.takeEvents()) {
      const worker = this.workers.get(event.id);
      if (isOver(event) && worker !== undefined && !worker.zombie) this.world.kill(worker);
      this.onEvent(event);
    }
    for (const job of batch.waiting()) {
      if (this.known.has(job.id)) continue;
      this.known.add(job.id);
      this.accept(job);
    }
  }

  private accept(job: JobDetail): void {
    const identity = identityOf(job);
    if (identity === undefined) return;
    const { step, index, epoch, attempt } = identity;
    const task = this.world.task("job", `${step}[${index}] ${epoch}.${attempt}`, subjectOf(identity));
    task.charged = this.allowance(identity);
    task.job = identity;
    this.workers.set(job.id, task);
    const key = `${task.name}/machine`;
    const draws = this.world.plan.drawsFor(key);
    const { scheduler, memory } = this.world;
    // Two such waits of one job may add up to more than the engine lets it wait, which is a lack of machines.
    const kinds: readonly FaultKind[] = job.tries === undefined ? ["job waits for a machine"] : [];
    const waits = this.world.plan.decide(key, kinds, draws.next(), this.world.now);
    const long = draws.chance(0.5) && this.world.ledger.mayLackCapacity(task);
    if (waits !== undefined && long) this.world.ledger.recordLackOfCapacity(task);
    const machine = long ? machineDelay : draws.between(60_000, 2_900_000);
    const wait = waits === undefined ? draws.between(50, draws.pick([2000, 2000, 60_000])) : machine;
    const runnable = draws.between(10, 500);
    const struck = this.strikeBefore(job, task);
    if (struck === "job forgotten") return;
    scheduler.in(
      runnable,
      () => {
        memory.batch.wait(job.id);
        this.look();
      },
      `${job.id} waits`,
    );
    if (struck !== undefined)
      scheduler.in(
        runnable + wait,
        () => this.loseMachine(job, task, notStarted),
        `${job.id} is not started`,
      );
    else scheduler.in(runnable + wait, () => this.start(job, identity, task), `${job.id} starts`);
  }

  /** A job lost its machine. Batch retries the job as often as it may; after that, the job has failed. */
  private loseMachine(job: JobDetail, task: Task, lost: JobTryDetail): void {
    const [waiting] = this.world.memory.batch.waiting().filter(({ id }) => id === job.id);
    // If a job exists twice, only one copy and its machine count.
    const counts = waiting !== undefined && !this.world.ledger.maySubmitTwice(waiting.name);
    if (lost === takenBack && counts && isSpotQueue(waiting.queue))
      this.spotLosses.set(task.subject, this.spotLossesOf(task) + 1);
    const isRetried = this.world.memory.batch.tryAgain(job.id, lost);
    const what = isRetried ? "is tried again by Batch" : "failed";
    this.world.trace.add(this.world.now, task.name, () => `job ${job.id} ${what}: ${JSON.stringify(lost)}`);
    this.look();
    const [detail] = this.world.memory.batch.waiting().filter(({ id }) => id === job.id);
    if (isRetried && detail !== undefined) this.accept(detail);
  }

  private spotLossesOf({ subject }: Task): number {
    return this.spotLosses.get(subject) ?? 0;
  }

  /** Once its step has lost as many Spot machines as it may, a job no longer begins on one. */
  private checkMachine(task: Task, { queue, name }: { queue: string; name: string }): void {
    const max = task.job === undefined ? undefined : this.spotMachines(task.job);
    const lost = this.spotLossesOf(task);
    if (max === undefined || !isSpotQueue(queue) || lost < max) return;
    // If a job exists twice, only one copy counts.
    if (!this.world.ledger.maySubmitTwice(name))
      this.world.violations.add(
        "on demand in time",
        `${name} begins on a Spot machine after ${lost} were lost`,
      );
  }

  /** A fault that keeps a job from ever beginning. Batch forgets an array job as a whole. */
  private strikeBefore(job: JobDetail, task: Task): FaultKind | undefined {
    const { ledger, plan, now, memory } = this.world;
    const key = `${task.name}/start`;
    const isNew = (job.arrayIndex ?? 0) === 0 && job.tries === undefined;
    const kinds = ledger.startFaultsFor(task, isNew);
    const fault = plan.decide(key, kinds, plan.drawsFor(key).next(), now);
    if (fault !== undefined) ledger.disturb(task, fault);
    if (fault === "job forgotten") memory.batch.forget(job.id.split(":")[0] ?? job.id);
    return fault;
  }

  /** How many more failures a job's step can tolerate. */
  allowance: (job: JobIdentity) => { account: string; max: number } | undefined = () => undefined;

  /** How many Spot machines a job's step may lose. Undefined if each of its passes may lose some. */
  spotMachines: (job: JobIdentity) => number | undefined = () => undefined;

  private start(job: JobDetail, identity: JobIdentity, task: Task): Promise<void> | void {
    if (task.dead) return;
    const { memory } = this.world;
    memory.batch.begin(job.id);
    this.look();
    const [detail] = memory.batch.waiting().filter(({ id }) => id === job.id);
    if (detail === undefined) return;
    this.checkMachine(task, detail);
    let exit: JobExit = { exitCode: 1 };
    let worked = false;
    return this.world.begin(
      task,
      async ({ objects }) => {
        exit = await runJob(objects, detail, (input) => {
          this.checkAlone(task, detail);
          this.checkCurrent(identity, detail.name);
          worked = true;
          return this.body(identity, input, task);
        });
      },
      (error) => {
        const failed: JobExit = { exitCode: 1, statusReason: "Essential container in task exited" };
        if (error === undefined && this.isForgotten(task, job)) this.forget(task, job.id, exit, worked);
        else this.finish(task, job.id, error === undefined ? exit : failed);
      },
    );
  }

  /** No two jobs work for one record, unless nobody could know about one of them. */
  private checkAlone(task: Task, { name }: JobDetail): void {
    const { live, ledger, violations } = this.world;
    if (ledger.maySubmitTwice(name)) return;
    const { runId, step, index } = task.job ?? {};
    const isSame = ({ job }: Task) => job?.runId === runId && job?.step === step && job?.index === index;
    for (const [id, other] of this.workers) {
      if (other === task || !live.has(other) || other.zombie || !isSame(other)) continue;
      if (this.ending.has(id) || this.ending.has(id.split(":")[0] ?? id)) continue;
      const [detail] = this.world.memory.batch.waiting().filter((job) => job.id === id);
      if (detail === undefined || ledger.maySubmitTwice(detail.name)) continue;
      violations.add("one job at a time", `${name} began while ${detail.name} worked for the same step`);
    }
  }

  /**
   * A run is stopped once its jobs have ended, as far as records name them. A worker that submits a job afterwards ends it
   * at once, unless faults hinder it: the last look at the run is only a safety net.
   */
  checkStopped(): void {
    const { live, watch, now, ledger, violations } = this.world;
    for (const [id, task] of this.workers) {
      if (!live.has(task) || task.zombie || task.job === undefined) continue;
      const stoppedAt = watch.stoppedAt(task.job.runId, task.job.epoch);
      if (stoppedAt === undefined || now - Math.max(stoppedAt, task.begunAt) <= maxEnding) continue;
      if (ledger.wasDisturbed(task.subject)) continue;
      violations.add(
        "a stop ends jobs soon",
        `${id} of ${task.subject} works ${now - stoppedAt} ms after the stop`,
      );
    }
  }

  /**
   * A job begins to work only while its record may wait for its attempt. After a cancel, jobs may still begin until the
   * run is closed.
   */
  private checkCurrent({ runId, step, index, epoch, attempt }: JobIdentity, name: string): void {
    const { watch, violations } = this.world;
    const rule = "no job begins that nobody waits for";
    if (watch.isClosed(runId, epoch)) violations.add(rule, `${name} began after ${runId} was closed`);
    const record = watch.steps.get(runId, step, index);
    if (record === undefined || record.epoch < epoch) return;
    const isOver = record.attempt === attempt && hasEnded(record) && record.state !== "CANCELLED";
    // A late worker may submit a job whose run is cancelled, and somebody may retry the run before its last look.
    if (record.epoch > epoch) return;
    if (record.attempt > attempt || isOver)
      violations.add(
        rule,
        `${name} began for attempt ${epoch}.${attempt} when ${step}[${index}] was ${record.state} in ${makerOf(record)}`,
      );
  }

  /** Notes that a job died after its work was done, while the record still waited for that attempt. */
  noteComplete(task: Task, written: unknown): void {
    // If a job continues unseen, its end was already reported.
    if (task.zombie || task.job === undefined || !String(written).endsWith(attemptFiles.manifest)) return;
    const { runId, step, index, epoch, attempt } = task.job;
    const record = this.world.watch.steps.get(runId, step, index);
    const waits =
      record === undefined || (record.epoch === epoch && record.attempt === attempt && hasJobs(record));
    if (waits) this.complete.push(task.job);
  }

  private struck(task: Task, fault: FaultKind, args: readonly unknown[]): void {
    const [id] = [...this.workers].find(([, worker]) => worker === task) ?? [];
    if (id === undefined) return;
    this.noteComplete(task, args[0]);
    if (fault === "machine taken back, job goes on") task.zombie = true;
    else this.world.kill(task);
    const exit = exits[fault];
    const [detail] = this.world.memory.batch.waiting().filter((job) => job.id === id);
    if (exit !== undefined) this.finish(task, id, exit);
    else if (detail !== undefined) this.loseMachine(detail, task, takenBack);
  }

  /** Whether a job's event is lost, and Batch forgets the job before anybody asks. An array is forgotten as a whole. */
  private isForgotten(task: Task, job: JobDetail): boolean {
    if (task.zombie || job.arrayIndex !== undefined) return false;
    const key = `${task.name}/forgotten`;
    const draw = this.world.plan.drawsFor(key).next();
    return this.world.plan.decide(key, ["ended job forgotten"], draw, this.world.now) !== undefined;
  }

  private forget(task: Task, id: string, exit: JobExit, worked: boolean): void {
    const { batch } = this.world.memory;
    this.world.trace.add(this.world.now, task.name, () => `job ${id} ended and is FORGOTTEN`);
    // A copy of a job leaves the work to the one that has the claim.
    if (worked && exit.exitCode === 0) this.noteComplete(task, attemptFiles.manifest);
    batch.finish(id, exit);
    for (const event of batch.takeEvents()) if (event.id !== id) this.onEvent(event);
    batch.forget(id);
    this.look();
  }

  private finish(task: Task, id: string, exit: JobExit): void {
    this.world.trace.add(this.world.now, task.name, () => `job ${id} ended: ${JSON.stringify(exit)}`);
    this.world.memory.batch.finish(id, exit);
    this.look();
  }
}
