import { type Meter, type MeterName, silentMeter } from "../../shared/platform/meter.ts";
import { startRun } from "../../shared/run/start-run.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { type Fault, FaultPlan, ratesFor } from "./faults/fault-plan.ts";
import { FinalChecks } from "./invariants/final-checks.ts";
import type { Violation } from "./invariants/violation.ts";
import { hashOf, Random } from "./random.ts";
import { defineSpec } from "./spec/define-spec.ts";
import { generateSpec } from "./spec/generate-spec.ts";
import type { PipelineSpec, StepSpec } from "./spec/pipeline-spec.ts";
import { Trace, type TraceLine } from "./trace.ts";
import { Bodies } from "./world/bodies.ts";
import { Delivery } from "./world/delivery.ts";
import { Jobs } from "./world/jobs.ts";
import { People } from "./world/people.ts";
import { SimulatedQueue } from "./world/simulated-queue.ts";
import { mostSkew, simulationStart, World } from "./world/world.ts";

const name = "simulated";
/** Milliseconds between two ticks, as serverless.yml has them. */
const tickEvery = 60_000;
/** Milliseconds after the last fault within which something has to move: longer than any delay, lease or wait. */
const longestStill = 3 * 3_600_000;
/** Milliseconds after the last fault within which a run has to end. */
const longestRun = 72 * 3_600_000;

/** Calls that no run comes near to; more of them is going round in circles. */
const mostCalls = 300_000;

/** What a simulation may be told besides its seed. */
export type SimulationOptions = {
  /** In place of the seed's own pipeline. */
  readonly spec?: PipelineSpec;
  /** Keys of the only faults that may happen. */
  readonly only?: ReadonlySet<string>;
  readonly traced?: boolean;
};

/** What came of a simulated run. */
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
  /** Of all that happened: the same for the same seed. */
  readonly digest: number;
};

const deployed: StepSpec = {
  name: "deployed",
  work: { kind: "lambda", list: 0 },
  uses: [],
  after: [],
  retries: { limit: 0 },
};

/** One run of one pipeline in a world of its own. */
class Simulation {
  readonly world: World;
  readonly jobs: Jobs;
  readonly bodies: Bodies;
  private readonly until: number;
  private readonly spec: PipelineSpec;
  private runId: string | undefined;
  private redriven = 0;

  constructor(seed: number, spec: PipelineSpec, options: SimulationOptions) {
    const random = new Random(hashOf(seed, "faults"));
    this.spec = spec;
    this.until = simulationStart + random.pick([60_000, 600_000, 3_600_000, 10_800_000]);
    const { only, traced = false } = options;
    const skew = random.pick([0, 0, mostSkew]);
    const rates = ratesFor(random);
    const plan = new FaultPlan({ seed, rates, skew, until: this.until, ...(only && { only }) });
    this.world = new World(plan, new Trace(traced));
    this.bodies = new Bodies(this.world, spec);
    this.jobs = new Jobs(this.world, this.bodies.job);
    this.jobs.allowance = (job) => this.bodies.allowanceOfJob(job);
    const delivery = new Delivery(this.world);
    this.jobs.onEvent = (event) => delivery.event(event);
    const queue = new SimulatedQueue((message, delay) => delivery.message(message, delay));
    const meter: Meter = { ...silentMeter, count: (what) => this.metered(what) };
    this.world.equip({ queue, meter });
    this.world.deploy(new Map([[name, defineSpec(name, spec, this.bodies.lambda)]]));
    this.plan(delivery, new People(this.world));
  }

  /** Enters what comes from outside: the cause of the run, people, a deployment. */
  private plan(delivery: Delivery, people: People): void {
    const { plan, scheduler } = this.world;
    const start = () =>
      delivery.start("run", async (engine) => {
        const cause = { kind: "manual" } as const;
        const started = await startRun(engine, {
          pipeline: name,
          cause,
          causeKey: "",
          scheduledAt: new Date(simulationStart).toISOString(),
        });
        this.runId = started.runId;
      });
    scheduler.in(0, start);
    const twice = plan.drawsFor("start twice");
    if (plan.decide("start twice", ["message duplicated"], twice.next(), scheduler.now) !== undefined)
      scheduler.in(twice.pick([1, 50, 5000, 300_000]), start);
    people.mayCancel(() => this.runId);
    const deployment = plan.drawsFor("deployment");
    if (plan.decide("deployment", ["deployment"], deployment.next(), scheduler.now) === undefined) return;
    scheduler.in(deployment.pick([200, 3000, 60_000]), () => {
      const changed = { steps: [deployed, ...this.spec.steps] };
      this.world.deploy(new Map([[name, defineSpec(name, changed, this.bodies.lambda)]]));
    });
  }

  private metered(name: MeterName): void {
    if (name === "StepsRedriven") this.redriven += 1;
  }

  private hasEnded(): boolean {
    const runs = [...this.world.watch.runs.values()];
    return runs.length > 0 && runs.every((run) => "endedAt" in run);
  }

  private checkProgress(): void {
    const { now, watch, violations } = this.world;
    if (this.hasEnded()) return;
    const since = Math.max(watch.steps.writtenAt, this.until);
    if (now - since > longestStill)
      violations.add("always some progress", `nothing moved for ${longestStill / 1000} s`);
    if (now - this.until > longestRun)
      violations.add("runs end", `it has not ended ${longestRun / 1000} s after the last fault`);
  }

  async live(): Promise<void> {
    const { scheduler, violations } = this.world;
    let nextTick = simulationStart + tickEvery / 2;
    while (!violations.any) {
      if (this.world.calls > mostCalls) violations.add("bounded cost", `more than ${mostCalls} calls`);
      if (scheduler.agenda.nextAt < nextTick) {
        await scheduler.step();
        continue;
      }
      const isOver = this.hasEnded();
      if (scheduler.agenda.size === 0 && isOver) break;
      scheduler.now = nextTick;
      nextTick += tickEvery;
      // A tick that finds nothing due does nothing: time may pass without it.
      const [due] = isOver ? await this.world.memory.store.dueRuns(Number.POSITIVE_INFINITY, 1) : ["unknown"];
      if (due === undefined) continue;
      this.checkProgress();
      this.world.ticks += 1;
      await this.world.begin(this.world.task("tick", "", ""), sweepRuns, () => {});
    }
  }

  async check(): Promise<void> {
    const { violations, watch } = this.world;
    if (violations.any) return;
    const checks = new FinalChecks(this.world, this.spec);
    for (const run of watch.runs.values()) await checks.run(run);
    checks.bodies(this.bodies);
    checks.complete(this.jobs.complete);
    checks.cost(this.redriven, this.bodies);
    checks.jobs(this.jobs.submitted(), (job) => this.world.ledger.maySubmitTwice(job));
  }

  get state(): string {
    return [...this.world.watch.runs.values()].map(({ state, epoch }) => `${state} ${epoch}`).join();
  }
}

/** The pipeline of a seed. */
export function specOf(seed: number): PipelineSpec {
  return generateSpec(new Random(hashOf(seed, "spec")));
}

/** Lives one seed through and checks everything that must hold. The same seed gives the same result. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  const spec = options.spec ?? specOf(seed);
  const simulation = new Simulation(seed, spec, options);
  const { world } = simulation;
  try {
    await simulation.live();
    await simulation.check();
  } catch (error) {
    world.violations.add(
      "the simulator works",
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  }
  const { watch, plan, calls, now } = world;
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
