import { tick } from "../../shared/app/tick.ts";
import type { LandedObject } from "../../shared/pipeline/pipeline.ts";
import type { Engine, WorkerSize } from "../../shared/ports/engine.ts";
import { type Meter, type MeterName, silentMeter } from "../../shared/ports/meter.ts";
import { startRun } from "../../shared/run/start-run.ts";
import type { Run } from "../../shared/state/run.ts";
import { startForObject } from "../../shared/trigger/start-for-object.ts";
import { type Fault, FaultPlan, type Focus, focusFor, ratesFor } from "./faults/fault-plan.ts";
import { checkApprovals } from "./invariants/approval-check.ts";
import { FinalChecks } from "./invariants/final-checks.ts";
import { Promptness } from "./invariants/promptness.ts";
import type { Violation } from "./invariants/violation.ts";
import { hashOf, Random } from "./random.ts";
import { deployedPipelines } from "./spec/define-spec.ts";
import { generateSpec, withJobs } from "./spec/generate-spec.ts";
import { objectKey, type PipelineSpec, type StepSpec, specsByName, startKey } from "./spec/pipeline-spec.ts";
import { simulationStart } from "./spec/simulation-start.ts";
import { Trace, type TraceLine } from "./trace.ts";
import { Bodies } from "./world/bodies.ts";
import { Delivery } from "./world/delivery.ts";
import { Functions } from "./world/functions.ts";
import { Jobs } from "./world/jobs.ts";
import { People } from "./world/people.ts";
import { SimulatedQueue } from "./world/simulated-queue.ts";
import { maxSkew, World } from "./world/world.ts";

const name = "simulated";

/** Whether a run was started from outside, and not by another run or a backfill. */
const isAsked = ({ cause }: Run) => cause.kind === "manual" || cause.kind === "object";

/** The object whose event starts a run, as an event describes it that has this time. */
function startingObject(version: number, at: number): LandedObject {
  const key = startKey(name);
  return {
    ...{ uri: `s3://data/${key}`, bucket: "data", key, bytes: 1, at: new Date(at).toISOString() },
    ...{ versionId: `version ${version}`, sequencer: version.toString(16) },
  };
}
/** Milliseconds between two ticks, as in serverless.yml. */
const tickMs = 60_000;
/** Milliseconds that a tick may take, as in serverless.yml. */
const tickTime = 55_000;
/** How many milliseconds a step may wait, by what it waits for: a retry, a machine, a person. */
const maxWaits = { retry: 1_200_000, machine: 3_600_000, person: 7_200_000 };
/** How many more milliseconds the engine may take to find out by itself that it can continue. */
const maxLook = 20 * 60_000;
/** A run has to end within this many milliseconds after the last fault. */
const maxRun = 72 * 3_600_000;

/** A run that exceeds its time limit is stopped within this many milliseconds after the limit and the last fault. */
const maxOverdue = 10 * 60_000;

/** A child run is stopped within this many milliseconds after its parent's end. */
const maxAbandoned = 30 * 60_000;

/**
 * Far more calls than a simulation needs; if there are more, it's going round in circles. Each run may be looked at
 * every minute for some hours, which adds up if hundreds of runs wait for one slot.
 */
const maxCalls = (runs: number) => 300_000 + 5_000 * runs;

/** When runs of a crowded pipeline are requested, in milliseconds: many at the moments at which others end. */
const crowdedArrivals = [0, 50, 100, 200, 300, 500, 1000, 2000, 20_000, 120_000];

/** Something has to change within this many milliseconds after the last fault. */
function maxIdleTime(spec: PipelineSpec): number {
  const works = specsByName(name, spec).flatMap(([, { steps }]) => steps.map(({ work }) => work));
  const waits = works.map((work) => {
    if (work.kind === "approval" && work.answer === "none") return maxWaits.person;
    return work.kind === "batch" ? maxWaits.machine : maxWaits.retry;
  });
  return Math.max(...waits) + maxLook;
}

/** What a simulation can be given in addition to its seed. */
export type SimulationOptions = {
  /** Replaces the seed's own pipeline. */
  readonly spec?: PipelineSpec;
  /** Keys of the only faults that may happen. */
  readonly only?: ReadonlySet<string>;
  readonly traced?: boolean;
};

/** The result of a simulated run. */
export type SimulationResult = {
  readonly seed: number;
  readonly spec: PipelineSpec;
  readonly violations: readonly Violation[];
  readonly faults: readonly Fault[];
  readonly trace: readonly TraceLine[];
  readonly calls: number;
  readonly writes: number;
  readonly records: number;
  /** Virtual milliseconds. */
  readonly took: number;
  readonly state: string;
  /** A hash of everything that happened: the same for the same seed. */
  readonly digest: number;
};

const deployed: StepSpec = {
  name: "deployed",
  work: { kind: "lambda", list: 0 },
  uses: [],
  after: [],
  retries: { limit: 0 },
};

/** One run of one pipeline in its own world. */
export class Simulation {
  readonly world: World;
  readonly jobs: Jobs;
  readonly bodies: Bodies;
  private readonly until: number;
  private readonly spec: PipelineSpec;
  private readonly people: People;
  private readonly delivery: Delivery;
  private readonly promptness: Promptness;
  private readonly maxIdleTime: number;
  private runId: string | undefined;
  private redriven = 0;
  private nextTick = simulationStart + tickMs / 2;

  /**
   * @param until time of the last fault
   */
  constructor(world: World, spec: PipelineSpec, until: number) {
    this.world = world;
    this.spec = spec;
    this.until = until;
    this.promptness = new Promptness(world);
    this.maxIdleTime = maxIdleTime(spec);
    this.bodies = new Bodies(world, spec);
    this.jobs = new Jobs(world, this.bodies.job);
    this.jobs.allowance = (job) => this.bodies.allowanceOfJob(job);
    this.jobs.spotMachines = (job) => this.bodies.spotMachinesOf(job);
    world.processes.functions = new Functions(world, this.jobs, this.bodies.job);
    const delivery = new Delivery(world);
    this.delivery = delivery;
    this.jobs.onEvent = (event) => delivery.event(event);
    const queueOf = (workerSize: WorkerSize) =>
      new SimulatedQueue((message, delay) => delivery.message(message, delay, workerSize));
    const meter: Meter = { ...silentMeter, count: (what) => this.metered(what) };
    world.watch.onChange = () => checkApprovals(world);
    const batch = this.jobs.service();
    const { log } = this.bodies;
    world.equip({ queue: queueOf("small"), largeQueue: queueOf("large"), meter, batch, log });
    world.deploy(deployedPipelines(name, spec, this.bodies.lambda));
    this.people = new People(world, spec);
    this.plan(delivery, this.people);
  }

  /** Schedules what comes from outside: the cause of the run, people, a deployment. */
  private plan(delivery: Delivery, people: People): void {
    const { plan, scheduler } = this.world;
    const scheduledAt = new Date(simulationStart + 1000 * (this.spec.startsIn ?? 0)).toISOString();
    const { priorities = [] } = this.spec;
    // An event that S3 sends again may have another time. Backfills share runs with people, but not with objects.
    const byObject =
      priorities.length === 0 && this.spec.backfills === undefined && plan.drawsFor("by object").chance(0.3);
    let told = 0;
    const start = (causeKey = "") =>
      delivery.start(`run${causeKey}`, async (engine) => {
        const cause = { kind: "manual" } as const;
        const number = Number(causeKey || 1);
        const priority = priorities[number - 1];
        // Runs are for different times, and come in any order.
        const at = Date.parse(scheduledAt) + number;
        told += 1;
        const [started] = byObject
          ? await startForObject(engine, startingObject(number, at + told))
          : [
              await startRun(engine, {
                ...{ pipeline: name, cause, causeKey, scheduledAt: new Date(at).toISOString() },
                ...(priority !== undefined && { priority }),
              }),
            ];
        if (causeKey === "") this.runId = started?.runId;
      });
    const arrivals = priorities.length > 0 ? crowdedArrivals : [0, 10, 1000];
    scheduler.in(0, () => start());
    for (let other = 2; other <= (this.spec.runs ?? 1); other += 1)
      scheduler.in(plan.drawsFor(`start ${other}`).pick(arrivals), () => start(String(other)));
    people.askForBackfills(name);
    const twice = plan.drawsFor("start twice");
    if (plan.decide("start twice", ["message duplicated"], twice.next(), scheduler.now) !== undefined)
      scheduler.in(twice.pick([1, 50, 5000, 300_000]), () => start());
    for (const { name: step, work } of this.spec.steps) {
      if (work.kind === "object" && work.lands !== undefined)
        scheduler.in(1000 * work.lands, () => this.land(delivery, objectKey(step)));
    }
    people.mayCancel(() => this.runId);
    people.mayInterveneAtSteps(() => this.runId);
    people.mayInterveneAtCall(() => this.runId);
    people.mayPause(() => this.runId);
    const deployment = plan.drawsFor("deployment");
    if (plan.decide("deployment", ["deployment"], deployment.next(), scheduler.now) === undefined) return;
    scheduler.in(deployment.pick([200, 3000, 60_000]), () => {
      const changed = { ...this.spec, steps: [deployed, ...this.spec.steps] };
      this.world.deploy(deployedPipelines(name, changed, this.bodies.lambda));
    });
  }

  /** An object has landed, and its event is on the way. */
  private async land(delivery: Delivery, key: string): Promise<void> {
    const { objects } = this.world.memory;
    const uri = objects.locate(key);
    await objects.put(uri, key, "text/csv");
    const at = new Date(this.world.now).toISOString();
    delivery.landed({ uri, bucket: "data", key, bytes: key.length, at });
  }

  private metered(name: MeterName): void {
    // The sweep can't know about a hint that is on its way at this moment.
    const mayBeInFlight = this.world.now - this.delivery.sentAt < 100;
    if (name === "StepsRedriven" && !mayBeInFlight) this.redriven += 1;
  }

  hasEnded(): boolean {
    const runs = [...this.world.watch.runs.values()];
    const asked = runs.filter(isAsked).length;
    const areSettled = this.world.backfills.areSettled(this.spec.backfills?.length ?? 0);
    return asked === (this.spec.runs ?? 1) && areSettled && runs.every((run) => "endedAt" in run);
  }

  private checkProgress(): void {
    const { now, watch, violations } = this.world;
    this.jobs.checkStopped();
    if (this.hasEnded()) return;
    this.promptness.check();
    const since = Math.max(watch.steps.writtenAt, this.until);
    if (now - since > this.maxIdleTime)
      violations.add("always some progress", `nothing moved for ${this.maxIdleTime / 1000} s`);
    for (const { runId } of watch.abandoned(maxAbandoned))
      violations.add("a stop ends children", `${runId} goes on, and its parent ended long ago`);
    for (const { runId } of watch.overdue(maxOverdue, this.until))
      violations.add("runs end in time", `${runId} takes longer than it may and is not stopped`);
    if (now - this.until > maxRun)
      violations.add("runs end", `it has not ended ${maxRun / 1000} s after the last fault`);
  }

  /** What a person does to cancel the run. Undefined until there is a run. */
  cancellation(): (() => Promise<void>) | undefined {
    const { runId } = this;
    return runId === undefined ? undefined : () => this.people.cancel(runId);
  }

  /** Lets time pass until the next thing happens. Returns false if nothing is left to happen. */
  async goOn(): Promise<boolean> {
    const { agenda, now } = this.world.scheduler;
    // While everything was done, time passed without ticks.
    this.nextTick += Math.ceil(Math.max(0, now - this.nextTick) / tickMs) * tickMs;
    if (agenda.nextAt < this.nextTick) return this.world.scheduler.step();
    // A tick that finds nothing due does nothing, so time may pass without it.
    const isDone =
      this.hasEnded() && (await this.world.memory.store.dueRuns(Number.POSITIVE_INFINITY, 1)).length === 0;
    if (isDone && agenda.size === 0) return false;
    if (isDone) return this.world.scheduler.step();
    await this.tick();
    return true;
  }

  private async tick(): Promise<void> {
    const { scheduler } = this.world;
    scheduler.now = this.nextTick;
    this.nextTick += tickMs;
    this.checkProgress();
    this.world.ticks += 1;
    const work = (engine: Engine) => tick(engine, engine.clock.now() + tickTime);
    await this.world.begin(this.world.task("tick", "", ""), work, () => {});
  }

  async live(): Promise<void> {
    const { violations, watch } = this.world;
    while (!violations.any) {
      const max = maxCalls(watch.runs.size);
      if (this.world.calls > max) violations.add("bounded cost", `more than ${max} calls`);
      if (!(await this.goOn())) break;
    }
  }

  async check(): Promise<void> {
    const { violations, watch } = this.world;
    if (violations.any) return;
    const checks = new FinalChecks(this.world, new Map(specsByName(name, this.spec)));
    for (const run of watch.runs.values()) {
      await checks.run(run);
      checks.stopped(run, this.people.cancelled, this.world.backfills.cancelled);
      checks.kept(run);
      checks.followed(run);
      if (this.spec.followed && run.pipeline === name) checks.started(run);
    }
    await checks.figures();
    await checks.slots();
    checks.causes();
    const isDays = ({ pipeline, cause }: Run) => pipeline === name && cause.kind === "backfill";
    this.world.backfills.check(
      [...watch.runs.values()].filter(isDays),
      ({ runId }) => watch.failed.has(runId) || this.people.cancelled.has(runId),
    );
    checks.bodies(this.bodies);
    await checks.published(this.bodies);
    await checks.newest(this.bodies);
    checks.complete(this.jobs.complete);
    if (this.until > simulationStart) checks.cost(this.redriven, this.bodies);
    checks.jobs(this.jobs.submitted(), (job) => this.world.ledger.maySubmitTwice(job));
  }

  get state(): string {
    return [...this.world.watch.runs.values()]
      .filter(isAsked)
      .map(({ state, epoch }) => `${state} ${epoch}`)
      .join();
  }
}

/** The call on which a seed focuses, if it does. */
function focusOf(seed: number): Focus | undefined {
  return focusFor(new Random(hashOf(seed, "focus")));
}

/** The pipeline of a seed. If the seed focuses on calls that only jobs need, most of its steps are jobs. */
export function specOf(seed: number): PipelineSpec {
  const random = new Random(hashOf(seed, "spec"));
  const spec = generateSpec(random);
  return focusOf(seed)?.startsWith("batch.") ? withJobs(random, spec) : spec;
}

/** Simulates one seed and checks everything that must hold. The same seed gives the same result. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  const spec = options.spec ?? specOf(seed);
  const random = new Random(hashOf(seed, "faults"));
  const until = simulationStart + random.pick([60_000, 600_000, 3_600_000, 10_800_000]);
  const skew = random.pick([0, 0, maxSkew]);
  const rates = ratesFor(random);
  const { only, traced = false } = options;
  const focus = focusOf(seed);
  const plan = new FaultPlan({ seed, rates, focus, skew, until, ...(only && { only }) });
  const world = new World(plan, new Trace(traced));
  const simulation = new Simulation(world, spec, until);
  try {
    await simulation.live();
    await simulation.check();
  } catch (error) {
    world.violations.add(
      "the simulator works",
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  }
  const { watch, calls, now } = world;
  const facts = [calls, now, watch.steps.writes, plan.faults.length, simulation.state];
  return {
    seed,
    spec,
    violations: world.violations.all,
    faults: plan.faults,
    trace: world.trace.lines,
    calls,
    writes: watch.steps.writes,
    records: watch.steps.latest.size,
    took: now - simulationStart,
    state: simulation.state,
    digest: hashOf(0, facts.join()),
  };
}
