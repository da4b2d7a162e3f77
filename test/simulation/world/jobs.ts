import { isOver, type JobDetail } from "../../../shared/batch/batch-service.ts";
import { identityOf, type JobIdentity } from "../../../shared/batch/job-environment.ts";
import type { JobExit } from "../../../shared/batch/memory-batch-service.ts";
import { attemptFiles } from "../../../shared/objects/layout.ts";
import type { Json } from "../../../shared/pipeline/index.ts";
import { hasJobs } from "../../../shared/state/step-record.ts";
import { runJob } from "../../../shared/testing/run-job.ts";
import type { FaultKind } from "../faults/fault-plan.ts";
import type { Task } from "./task.ts";
import type { World } from "./world.ts";

/** Does the work of a job; the simulation decides how long it takes. */
export type JobBody = (job: JobIdentity, input: Json, task: Task) => Promise<Json>;

const takenBack: JobExit = { statusReason: "Host EC2 (instance i-0123456789abcdef0) terminated." };
const outOfMemory: JobExit = {
  exitCode: 137,
  statusReason: "Essential container in task exited",
  containerReason: "OutOfMemoryError: Container killed due to memory usage",
};

/** The machines behind the job queue: jobs wait, start, work, and end, each when its time has come. */
export class Jobs {
  /** Told of everything that happens to a job. */
  onEvent: (event: JobDetail) => void = () => {};
  /** Attempts whose job was struck after it had left its manifest. */
  readonly complete: JobIdentity[] = [];
  private readonly world: World;
  private readonly body: JobBody;
  private readonly known = new Set<string>();
  private readonly workers = new Map<string, Task>();

  constructor(world: World, body: JobBody) {
    this.world = world;
    this.body = body;
    world.afterBatch = () => this.look();
    world.onJobFault = (task, fault, args) => this.struck(task, fault, args);
  }

  /** Jobs submitted, by name: more than one of a name is a submission that was not recognised. */
  submitted(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const name of this.world.memory.batch.submitted()) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  }

  /** Takes note of new jobs, and tells of what happened to others. */
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
    const { step, index, epoch } = identity;
    const task = this.world.task(
      "job",
      `${step}[${index}] ${epoch}.${identity.attempt}`,
      `${step}[${index}]`,
    );
    task.charged = this.allowance(identity);
    task.job = identity;
    this.workers.set(job.id, task);
    const key = `${task.name}/machine`;
    const draws = this.world.plan.drawsFor(key);
    const { scheduler, memory } = this.world;
    const waits = this.world.plan.decide(key, ["job waits for a machine"], draws.next(), this.world.now);
    const long = draws.chance(0.5) && this.world.ledger.mayLackCapacity(task);
    if (waits !== undefined && long) this.world.ledger.noteLackOfCapacity(task);
    const wait =
      waits === undefined ? draws.between(50, 2000) : long ? 5_000_000 : draws.between(60_000, 2_900_000);
    const runnable = draws.between(10, 500);
    scheduler.in(
      runnable,
      () => {
        memory.batch.wait(job.id);
        this.look();
      },
      `${job.id} waits`,
    );
    scheduler.in(runnable + wait, () => this.start(job, identity, task), `${job.id} starts`);
  }

  /** How many failures of its own a job's step can bear. */
  allowance: (job: JobIdentity) => { account: string; most: number } | undefined = () => undefined;

  private start(job: JobDetail, identity: JobIdentity, task: Task): Promise<void> | void {
    if (task.dead) return;
    const { memory } = this.world;
    memory.batch.begin(job.id);
    this.look();
    const [detail] = memory.batch.waiting().filter(({ id }) => id === job.id);
    if (detail === undefined) return;
    let exit: JobExit = { exitCode: 1 };
    return this.world.begin(
      task,
      async ({ objects }) => {
        exit = await runJob(objects, detail, (input) => this.body(identity, input, task));
      },
      (error) => {
        const failed: JobExit = { exitCode: 1, statusReason: "Essential container in task exited" };
        this.finish(task, job.id, error === undefined ? exit : failed);
      },
    );
  }

  /** Notes that a job died with its work done, when the record still waited for that very attempt. */
  private noteComplete(task: Task, written: unknown): void {
    // Of a job that goes on unseen the end was told before.
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
    this.finish(task, id, fault === "out of memory" ? outOfMemory : takenBack);
  }

  private finish(task: Task, id: string, exit: JobExit): void {
    this.world.trace.add(this.world.now, task.name, () => `job ${id} ended: ${JSON.stringify(exit)}`);
    this.world.memory.batch.finish(id, exit);
    this.look();
  }
}
