import * as z from "zod";
import { MemoryBackfillStore } from "../adapters/memory/memory-backfill-store.ts";
import { MemoryBatchService } from "../adapters/memory/memory-batch-service.ts";
import { MemoryModelRegistry } from "../adapters/memory/memory-model-registry.ts";
import { MemoryNotifier } from "../adapters/memory/memory-notifier.ts";
import { MemoryObjectStore } from "../adapters/memory/memory-object-store.ts";
import { MemoryObjectWaiters } from "../adapters/memory/memory-object-waiters.ts";
import { MemoryPublications } from "../adapters/memory/memory-publications.ts";
import { MemoryResultCache } from "../adapters/memory/memory-result-cache.ts";
import { MemoryRunStore } from "../adapters/memory/memory-run-store.ts";
import { MemoryScheduleStore } from "../adapters/memory/memory-schedule-store.ts";
import { MemoryStepQueue } from "../adapters/memory/memory-step-queue.ts";
import { VirtualClock } from "../adapters/memory/virtual-clock.ts";
import { handleJob } from "../jobs/handle-job.ts";
import { MillraceError } from "../pipeline/millrace-error.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { defaultSettings, type Engine, localStage, type WorkerSize } from "../ports/engine.ts";
import { silentLog } from "../ports/log.ts";
import { silentMeter } from "../ports/meter.ts";
import { noWatchdog } from "../ports/watchdog.ts";
import { RunNotFoundError } from "../run/run-errors.ts";
import { isActive, type Run } from "../state/run.ts";
import { handleStepMessage } from "../worker/handle-step-message.ts";
import { sweepRuns } from "../worker/sweep-run.ts";
import { noOutside, type Outside } from "./outside-world.ts";
import { type JobFunction, runJob } from "./run-job.ts";
import { dueTimes, StandstillError, standstillText } from "./standstill.ts";

/**
 * Pipelines by name, including the children that they run. A given pipeline takes precedence over a child with the same
 * name.
 */
function withChildren(pipelines: readonly Pipeline[]): Map<string, Pipeline> {
  const known = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline]));
  // Iterating over a map also visits entries that are added during the iteration.
  for (const { children } of known.values()) {
    for (const child of children.values()) if (!known.has(child.name)) known.set(child.name, child);
  }
  return known;
}

/** Virtual milliseconds after which an unchanged run is considered stuck: twice the longest possible wait. */
const maxStandstill = 2 * 366 * 24 * 3_600_000;

/** Number of turns without a change after which messages are considered to go round in circles. */
const maxTurns = 100_000;

/** How often time moves only to the next message or sweep before it begins to leap. */
const smallSteps = 10;

/** How long a run hasn't changed: the count and time of the last change, and what was tried since. */
type Still = { changes: number; at: number; turns: number; steps: number };

/** A stand-in returned a value that its job couldn't: in Python, the contract's output check would reject it. */
export class StandInError extends MillraceError {
  constructor(job: string, wrong: z.ZodError) {
    super(
      "STAND_IN",
      `the stand-in of job "${job}" returned a value that does not fit its contract's output:\n${z.prettifyError(wrong)}`,
    );
  }
}

/** An engine within the process, and the methods that drive it. */
export class MemoryEngine {
  readonly clock: VirtualClock;
  readonly store = new MemoryRunStore();
  readonly queue: MemoryStepQueue;
  readonly largeQueue: MemoryStepQueue;
  /** The step queues, each with the size of the workers that take its messages. */
  readonly lanes: readonly { readonly queue: MemoryStepQueue; readonly workerSize: WorkerSize }[];
  readonly batch: MemoryBatchService;
  readonly objects = new MemoryObjectStore();
  readonly notifier = new MemoryNotifier();
  /** Tests may replace it with an engine whose ports misbehave. */
  engine: Engine;
  private readonly jobs: Readonly<Record<string, JobFunction>>;

  constructor(pipelines: readonly Pipeline[], jobs: Readonly<Record<string, JobFunction>> = {}, start = 0) {
    this.clock = new VirtualClock(start);
    this.queue = new MemoryStepQueue(this.clock);
    this.largeQueue = new MemoryStepQueue(this.clock);
    this.lanes = [
      { queue: this.queue, workerSize: "small" },
      { queue: this.largeQueue, workerSize: "large" },
    ];
    this.batch = new MemoryBatchService(this.clock);
    this.jobs = jobs;
    this.engine = {
      stage: localStage,
      pipelines: withChildren(pipelines),
      jobVersions: new Map(),
      commit: "unknown: not deployed",
      store: this.store,
      waiters: new MemoryObjectWaiters(),
      cache: new MemoryResultCache(),
      models: new MemoryModelRegistry(),
      publications: new MemoryPublications(),
      schedules: new MemoryScheduleStore(),
      backfills: new MemoryBackfillStore(),
      queue: this.queue,
      largeQueue: this.largeQueue,
      workerSize: "small",
      batch: this.batch,
      objects: this.objects,
      notifier: this.notifier,
      clock: this.clock,
      watchdog: noWatchdog,
      random: () => 0.5,
      log: silentLog,
      meter: silentMeter,
      settings: defaultSettings,
    };
  }

  private async work(job: ReturnType<MemoryBatchService["waiting"]>[number]): Promise<void> {
    const name = job.environment.MILLRACE_JOB ?? "";
    const stand = this.jobs[name];
    if (stand === undefined)
      throw new MillraceError("STAND_IN_MISSING", `job "${name}" has no stand-in`, {
        remedy: `Pass one to testPipeline: jobs: { "${name}": (input) => … }.`,
      });
    const contract = [...this.engine.pipelines.values()].flatMap(({ jobs }) => jobs.get(name) ?? [])[0];
    let wrong: z.ZodError | undefined;
    const checked: JobFunction = async (input) => {
      const output = await stand(input);
      wrong = contract?.output.safeParse(output).error;
      return output;
    };
    this.batch.begin(job.id);
    this.batch.finish(job.id, await runJob(this.objects, job, checked));
    if (wrong !== undefined) throw new StandInError(name, wrong);
  }

  /** Handles the messages that can be received now, each in a worker of the right size. Returns how many there were. */
  async handleMessages(): Promise<number> {
    let handled = 0;
    for (const { queue, workerSize } of this.lanes) {
      for (const message of queue.receive()) {
        handled += 1;
        await handleStepMessage({ ...this.engine, workerSize }, message, Number.POSITIVE_INFINITY);
      }
    }
    return handled;
  }

  /** When the next message can be received, in epoch milliseconds; undefined if none waits. */
  nextMessageAt(): number | undefined {
    const times = this.lanes.flatMap(({ queue }) => queue.nextAt() ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /**
   * Does the next things that are due now: messages first, then events, then a job. Returns false if there is nothing
   * to do.
   */
  async turn(): Promise<boolean> {
    // Everything takes some time, so later events get a later time.
    this.clock.moveTo(this.clock.now() + 1);
    if ((await this.handleMessages()) > 0) return true;
    const events = this.batch.takeEvents();
    for (const event of events) await handleJob(this.engine, event);
    if (events.length > 0) return true;
    const [job] = this.batch.waiting(1);
    if (job === undefined) return false;
    await this.work(job);
    return true;
  }

  /**
   * Drives the engine until a run has ended, and moves time on whenever there is nothing to do.
   *
   * @throws StandstillError if the run can't end; the message says what it waits for
   */
  async finish(runId: string, outside: Outside = noOutside): Promise<Run> {
    const still: Still = { changes: -1, at: 0, turns: 0, steps: 0 };
    await outside.act();
    for (;;) {
      const run = await this.store.getRun(runId);
      if (run === undefined) throw new RunNotFoundError(runId);
      if (!isActive(run)) return run;
      await this.checkStandstill(runId, still);
      if ((await this.turn()) || (await outside.act())) continue;
      await this.advanceTime(still, outside.nextAt());
      await sweepRuns(this.engine);
    }
  }

  private async checkStandstill(runId: string, still: Still): Promise<void> {
    const now = this.clock.now();
    const { changes } = this.store;
    if (changes !== still.changes) return void Object.assign(still, { changes, at: now, turns: 0, steps: 0 });
    still.turns += 1;
    if (now - still.at <= maxStandstill && still.turns <= maxTurns) return;
    const days = Math.round((now - still.at) / 86_400_000);
    const waits = await standstillText(this.store, runId);
    throw new StandstillError(`nothing has changed for ${days} days and ${still.turns} turns:\n${waits}`);
  }

  /**
   * Moves time to the next message or sweep. If these change nothing, time leaps, but never past a time at which
   * something is due.
   */
  private async advanceTime(still: Still, outsideAt: number | undefined): Promise<void> {
    const now = this.clock.now();
    const sweep = this.engine.settings.sweepSeconds * 1000;
    let next = this.nextMessageAt() ?? now + sweep;
    still.steps += 1;
    if (still.steps > smallSteps) {
      const due = await dueTimes(
        this.store,
        ({ pipeline }) => this.engine.pipelines.get(pipeline)?.graph.timeout,
      );
      // The sweep before a distant time sends its hint, and a sweep after it finds what a message missed.
      const times = due
        .flatMap((time) => [time - sweep, time, time + sweep + 5000])
        .filter((time) => time > now);
      next = Math.max(next, Math.min(now + sweep * 2 ** (still.steps - smallSteps), ...times));
    }
    this.clock.moveTo(Math.min(next, outsideAt ?? next));
  }
}
