import type { JobIdentity } from "../../../shared/batch/job-environment.ts";
import { FatalError, type Json, RetryAfter } from "../../../shared/pipeline/index.ts";
import { type Log, silentLog } from "../../../shared/ports/log.ts";
import { hasResult, isHeld, lossesTo, type StepRecord } from "../../../shared/state/step-record.ts";
import { subjectOf } from "../faults/fault-ledger.ts";
import { KeptResults } from "../invariants/kept-results.ts";
import { hookStep, type LambdaBody, simulatedJob } from "../spec/define-spec.ts";
import {
  type Failing,
  failuresOf,
  isPure,
  type PipelineSpec,
  type StepSpec,
  specsByName,
} from "../spec/pipeline-spec.ts";
import { makerOf, outputOf, type WorkInput, type WorkOutput } from "../spec/pure-work.ts";
import type { JobBody } from "./jobs.ts";
import type { Task } from "./task.ts";
import type { World } from "./world.ts";

function thrownFor({ how }: Failing): Error {
  if (how === "fatal") return new FatalError("it fails for good");
  return how === "after" ? new RetryAfter("it fails for now", 7) : new Error("it fails");
}

/** Seconds that a function of the simulation may take, and milliseconds by which its lease is longer. */
const functionSeconds = 60;
const leaseSlack = 5000;

/** Where a step publishes what it makes. */
export function publishedAt(runId: string, step: string, index: number): string {
  return `results/${runId}/${step}/${index}`;
}

/** Where a step publishes for those who want the newest, whichever run made it. */
export function newestAt(pipeline: string, step: string, index: number): string {
  return `results/newest/${pipeline}/${step}/${index}`;
}

/** The functions and jobs of a simulated pipeline. They take virtual time and fail as the spec says. */
export class Bodies {
  /** How often each body began, by record and epoch. */
  readonly begun = new Map<string, number>();
  /** Attempts whose functions returned after their time, as `subject.attempt`. */
  readonly late = new Set<string>();
  /** The log of the engine. Only what concerns results that weren't kept is noted. */
  readonly log: Log = {
    ...silentLog,
    warn: (message, fields) => {
      if (message !== "result was not cached" || !fields || !("runId" in fields && "step" in fields)) return;
      this.unkept.add(`${fields.runId}/${fields.step}`);
    },
  };
  /** How many failures a record had when it began a pass other than its first. */
  private readonly before = new Map<string, number>();
  private readonly world: World;
  private readonly steps: ReadonlyMap<string, StepSpec>;

  private readonly kept: KeptResults;
  /** Steps whose results AWS refused to keep, as `runId/step`. */
  private readonly unkept = new Set<string>();

  constructor(world: World, spec: PipelineSpec) {
    this.world = world;
    this.kept = new KeptResults(world.violations);
    world.watch.onSuccess.push((record) => {
      const isKept = !this.unkept.has(`${record.runId}/${record.step}`);
      this.kept.succeeded(record, isKept, world.now);
    });
    const all = specsByName("", spec).flatMap(([, { steps }]) => steps);
    this.steps = new Map(all.map((step) => [step.name, step]));
  }

  /** A record's failures in its current pass, because each pass has all of its retries. */
  private failuresBefore(runId: string, step: string, index: number, epoch: number): number {
    const record = this.world.watch.steps.get(runId, step, index);
    if (record?.epoch !== epoch) return 0;
    const before = record.passes === undefined ? 0 : this.before.get(this.passOf(record));
    return record.failures - (before ?? 0);
  }

  private passOf(record: StepRecord): string {
    return `${subjectOf(record)}/${record.passes}`;
  }

  private note(runId: string, step: string, index: number, epoch: number): void {
    const key = subjectOf({ runId, step, index, epoch });
    this.begun.set(key, (this.begun.get(key) ?? 0) + 1);
    const record = this.world.watch.steps.get(runId, step, index);
    if (record !== undefined && hasResult(record) && record.epoch < epoch)
      this.world.violations.add(
        "nothing runs again",
        `${key} began although an earlier epoch has its result`,
      );
    if (record?.passes !== undefined && !this.before.has(this.passOf(record)))
      this.before.set(this.passOf(record), record.failures);
  }

  /** How many failures may be added to the step's own. */
  allowance(runId: string, step: StepSpec, index: number, epoch: number): { account: string; max: number } {
    const own = isPure(step.work) ? failuresOf(step.work.failing, index, epoch) : 0;
    const max = step.retries.on === undefined ? step.retries.limit - own : 0;
    return { account: subjectOf({ runId, step: step.name, index, epoch }), max };
  }

  /** The allowance of the step that a job works for. */
  allowanceOfJob(job: JobIdentity): { account: string; max: number } | undefined {
    const step = this.steps.get(job.step);
    return step && this.allowance(job.runId, step, job.index, job.epoch);
  }

  /** How many Spot machines the step of a job may lose. Undefined if each of its passes may lose some. */
  spotMachinesOf({ step }: JobIdentity): number | undefined {
    const work = this.steps.get(step)?.work;
    if (work === undefined || !isPure(work) || work.passes !== undefined) return undefined;
    return work.spotMachines ?? simulatedJob.resources.onDemandAfter;
  }

  /** A step gets exactly what the steps before it committed. */
  private checkInput(runId: string, { name, uses }: StepSpec, { from }: WorkInput): void {
    for (const [place, used] of uses.entries()) {
      const record = this.world.watch.steps.get(runId, used, 0);
      const { made } = (from[place] ?? {}) as Partial<WorkOutput>;
      const work = this.steps.get(used)?.work;
      if (made === undefined || work === undefined || !isPure(work)) continue;
      if (record?.state === "CACHED" || (record !== undefined && made === makerOf(record))) continue;
      this.world.violations.add(
        "what is committed is given",
        `${name} was given what ${made} made of ${used}`,
      );
    }
  }

  private result(
    { runId, epoch, attempt }: Pick<JobIdentity, "runId" | "epoch" | "attempt">,
    step: StepSpec,
    index: number,
    input: WorkInput,
  ): Json {
    const { work } = step;
    this.checkInput(runId, step, input);
    if (!isPure(work)) throw new TypeError(`step ${step.name} has no body`);
    const { failing } = work;
    const failures = failuresOf(failing, index, epoch);
    if (failing !== undefined && this.failuresBefore(runId, step.name, index, epoch) < failures)
      throw thrownFor(failing);
    const record = this.world.watch.steps.get(runId, step.name, index);
    const pass = record?.epoch === epoch ? (record.passes ?? 0) : 0;
    return { ...outputOf(work, step.name, index, input, pass), made: makerOf({ runId, epoch, attempt }) };
  }

  /** A function runs in a worker of the size it asks for. If its worker died, it runs alone in a large worker. */
  private checkWorker(step: StepSpec, task: Task, runId: string, index: number): void {
    const { size = "small" } = step;
    const record = this.world.watch.steps.get(runId, step.name, index);
    const isSuspected = record !== undefined && (record.alone === true || lossesTo(record, "worker") > 0);
    const isSuspect = step !== hookStep && isSuspected;
    // A worker that stood still may find its successor's record. A late hint may give another pass a worker of its own.
    const expected = task.zombie ? size : isSuspect ? "large" : size;
    const mayBeLarger = task.zombie || (record?.passes ?? 0) > 0;
    if (task.workerSize === expected || (mayBeLarger && task.workerSize === "large")) return;
    this.world.violations.add(
      "functions have the worker that they need",
      `${step.name}[${index}], which is ${expected}, runs in a ${task.workerSize} worker`,
    );
  }

  /** A function ends within its lease: then another worker may begin. */
  private checkLease({ deadline, skew }: Task, job: JobIdentity): void {
    const { runId, step, index, epoch, attempt } = job;
    const record = this.world.watch.steps.get(runId, step, index);
    if (record === undefined || !isHeld(record) || record.epoch !== epoch || record.attempt !== attempt)
      return;
    const ends = (deadline?.at ?? this.world.now) + skew;
    if (ends > record.leaseUntil)
      this.world.violations.add(
        "functions end within their lease",
        `${step}[${index}] may work ${ends - record.leaseUntil} ms longer than its lease`,
      );
  }

  /** The epoch that a worker holds. The store may have a later one if the worker stood still. */
  private epochHeld({ subject }: Task, runId: string, step: StepSpec, index: number): number {
    // A step that follows a run's end has the epoch as its index.
    if (step === hookStep) return index;
    const held = subjectOf({ runId, step: step.name, index, epoch: "" });
    if (!subject.startsWith(held)) throw new Error(`a worker that holds ${subject} runs ${held}`);
    return Number(subject.slice(held.length));
  }

  /** Whether a step's function publishes what it makes. */
  publishes({ name, work }: StepSpec): boolean {
    return (
      isPure(work) && work.passes === undefined && this.world.plan.drawsFor(`${name}/publishes`).chance(0.3)
    );
  }

  readonly lambda: LambdaBody = async (step, input, { pipeline, runId, index, attempt, artifacts }) => {
    const task = this.world.scheduler.current;
    if (task === undefined) throw new Error(`step ${step.name} runs, and no worker does`);
    this.checkWorker(step, task, runId, index);
    const epoch = this.epochHeld(task, runId, step, index);
    this.note(runId, step.name, index, epoch);
    if (step !== hookStep) this.world.begins(runId, step.name);
    if (step.cache)
      this.kept.begins(pipeline, { runId, step: step.name, epoch, attempt }, input as Json, task.begunAt);
    task.charged = this.allowance(runId, step, index, epoch);
    const key = `${subjectOf({ runId, step: step.name, index, epoch })}.${attempt}`;
    // An attempt whose end couldn't be committed goes on in another worker.
    this.late.delete(key);
    this.checkLease(task, { runId, step: step.name, index, epoch, attempt });
    const until = this.world.now + functionSeconds * 1000;
    const { stolen } = task;
    await this.world.work(task, this.world.plan.drawsFor(`${task.name}/takes`).between(5, 1500));
    // What others in the process took is given back, but not beyond the lease.
    // A function that goes on after its worker's end has no result.
    const isLate = this.world.now > until + Math.min(task.stolen - stolen, leaseSlack);
    if (isLate && this.world.live.has(task)) this.late.add(key);
    const made = makerOf({ runId, epoch, attempt });
    const result = this.result({ runId, epoch, attempt }, step, index, input);
    if (!this.publishes(step) || step === hookStep) return result;
    const artifact = await artifacts.write("made", made, "text/plain");
    await artifacts.publish(artifact, publishedAt(runId, step.name, index));
    await artifacts.publish(artifact, newestAt(pipeline, step.name, index), { newest: true });
    return result;
  };

  readonly job: JobBody = async (job, input, task) => {
    const { runId, step: name, index, epoch } = job;
    const step = this.steps.get(name);
    if (step === undefined) throw new Error(`there is no step ${name}`);
    this.note(runId, name, index, epoch);
    const draws = this.world.plan.drawsFor(`${task.name}/takes`);
    await this.world.work(task, draws.between(500, 40_000));
    const run = this.world.watch.runs.get(runId);
    const unwanted =
      run?.epoch === epoch &&
      (run.state === "CANCELLING" || run.state === "CANCELLED" || run.state === "TIMED_OUT");
    // A job that is no longer wanted doesn't always end by itself: the engine has to end it.
    if (unwanted && draws.chance(0.5)) await new Promise(() => task.onIdle());
    return this.result(job, step, index, input as WorkInput);
  };
}
