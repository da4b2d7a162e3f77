import { identityOf, type JobIdentity } from "../../../shared/batch/job-environment.ts";
import { attemptFiles } from "../../../shared/objects/layout.ts";
import type { JobDetail } from "../../../shared/ports/batch-service.ts";
import type { FunctionCall, FunctionInvoker } from "../../../shared/ports/function-invoker.ts";
import { jobOfCall, newsOf, runFunction } from "../../../shared/testing/run-function.ts";
import { subjectOf } from "../faults/fault-ledger.ts";
import type { FaultKind } from "../faults/fault-plan.ts";
import type { JobBody, Jobs } from "./jobs.ts";
import type { Task } from "./task.ts";
import type { World } from "./world.ts";

/** Milliseconds after which a function starts too late, as the engine has already given the job up. */
const tooLate = 6 * 3_600_000;

/** What Lambda says if a fault hits a function while it works. */
const answers: Partial<Readonly<Record<FaultKind, { errorType: string; errorMessage: string }>>> = {
  "out of memory": {
    errorType: "Runtime.ExitError",
    errorMessage: "Runtime exited with error: signal: killed",
  },
  "job too slow": { errorType: "Sandbox.Timedout", errorMessage: "Task timed out after 900.00 seconds" },
};
const crashed = { errorType: "Runtime.ExitError", errorMessage: "Runtime exited with error: exit status 1" };
const outOfTime = { errorType: "Sandbox.Timedout", errorMessage: "Task timed out after 3600.00 seconds" };

/**
 * The Lambda functions that run jobs. A call that was accepted runs once, later or twice, and nobody can ask for its
 * state or end it. Its end is reported once; the report may be lost like every event.
 */
export class Functions implements FunctionInvoker {
  private readonly world: World;
  private readonly jobs: Jobs;
  private readonly body: JobBody;
  private readonly calls = new Map<Task, FunctionCall>();
  /** Attempts whose work has begun. */
  private readonly begun = new Set<string>();

  constructor(world: World, jobs: Jobs, body: JobBody) {
    this.world = world;
    this.jobs = jobs;
    this.body = body;
    const { onJobFault } = world;
    world.onJobFault = (task, fault, args) => {
      const call = this.calls.get(task);
      if (call === undefined) onJobFault(task, fault, args);
      else this.struck(task, call, fault, args);
    };
  }

  async invoke(call: FunctionCall): Promise<void> {
    const job = identityOf(jobOfCall(call));
    if (job === undefined) return;
    const { plan, now, ledger } = this.world;
    const key = `call ${call.id} ${this.world.count(`call ${call.id}`)}`;
    const draws = plan.drawsFor(key);
    const fault = plan.decide(
      key,
      ["job's function called twice", "job's function starts late"],
      draws.next(),
      now,
    );
    const task = this.taskFor(job);
    const isTooLate =
      fault === "job's function starts late" && draws.chance(0.5) && ledger.mayLackCapacity(task);
    if (isTooLate) ledger.recordLackOfCapacity(task);
    const late = isTooLate ? tooLate : draws.between(60_000, 2_900_000);
    this.start(task, job, call, fault === "job's function starts late" ? late : draws.between(20, 3000));
    if (fault === "job's function called twice")
      this.start(this.taskFor(job), job, call, draws.pick([20, 500, 5000, 60_000, 400_000]));
  }

  private taskFor(job: JobIdentity): Task {
    const { step, index, epoch, attempt } = job;
    const task = this.world.task("job", `${step}[${index}] ${epoch}.${attempt} on Lambda`, subjectOf(job));
    task.charged = this.jobs.allowance(job);
    task.job = job;
    return task;
  }

  private start(task: Task, job: JobIdentity, call: FunctionCall, wait: number): void {
    const { scheduler } = this.world;
    const begin = () => {
      this.calls.set(task, call);
      scheduler.in(call.timeout * 1000, () => this.runOut(task, call), `${task.name} is out of time`);
      let returned: object = {};
      return this.world.begin(
        task,
        async ({ objects, clock }) => {
          returned = await runFunction(
            objects,
            call,
            task.name,
            () => clock.now(),
            (input) => {
              this.checkFirst(job);
              return this.body(job, input, task);
            },
          );
        },
        (error) => this.tell(newsOf(call, error === undefined ? { returned } : crashed)),
      );
    };
    scheduler.in(wait, begin, `${task.name} starts`);
  }

  /** Lambda ends what takes longer than it may, wanted or not. */
  private runOut(task: Task, call: FunctionCall): void {
    if (task.dead || !this.world.live.has(task)) return;
    this.world.trace.add(this.world.now, task.name, () => "OUT OF TIME");
    this.world.kill(task);
    this.tell(newsOf(call, outOfTime));
  }

  /** One execution of an attempt works, however often its function was called. */
  private checkFirst(job: JobIdentity): void {
    const attempt = `${subjectOf(job)}.${job.attempt}`;
    if (this.begun.has(attempt))
      this.world.violations.add("one execution an attempt", `${attempt} was worked on by two executions`);
    this.begun.add(attempt);
  }

  private struck(task: Task, call: FunctionCall, fault: FaultKind, args: readonly unknown[]): void {
    const [uri, body] = args.map(String);
    // A function's last write follows its manifest, unless its work failed.
    const hasSucceeded = uri?.endsWith(attemptFiles.end) && body?.includes('"exitCode":0');
    this.jobs.noteComplete(task, hasSucceeded ? attemptFiles.manifest : uri);
    if (fault === "machine taken back, job goes on") task.zombie = true;
    else this.world.kill(task);
    this.tell(newsOf(call, answers[fault] ?? crashed));
  }

  private tell(news: JobDetail | undefined): void {
    if (news !== undefined) this.jobs.onEvent(news);
  }
}
