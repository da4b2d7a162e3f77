import type { BackfillRequest } from "../../../shared/backfill/plan-backfill.ts";
import { cancelBackfill, resumeBackfill, startBackfill } from "../../../shared/backfill/start-backfill.ts";
import { approveStep } from "../../../shared/operate/approve-step.ts";
import { cancelRun } from "../../../shared/operate/cancel-run.ts";
import { pauseRun, resumeRun } from "../../../shared/operate/pause-run.ts";
import { retryRun } from "../../../shared/operate/retry-run.ts";
import type { Engine } from "../../../shared/ports/engine.ts";
import { RunNotFoundError, RunStateError } from "../../../shared/run/run-errors.ts";
import type { Run } from "../../../shared/state/run.ts";
import type { StepRecord } from "../../../shared/state/step-record.ts";
import type { FaultKind } from "../faults/fault-plan.ts";
import type { Random } from "../random.ts";
import type { BackfillSpec, PipelineSpec, WorkSpec } from "../spec/pipeline-spec.ts";
import { simulationStart } from "../spec/simulation-start.ts";
import { isSimulated } from "./simulated-errors.ts";
import type { World } from "./world.ts";

/** When a run is cancelled, active workers and the one that cancels are this many times more likely to meet faults. */
const exposedByCancel = 6;

/** How often people act in a moment that the engine is busy. Each act makes calls, at which they could act again. */
const maxInterventions = 4;

/** Max. number of epochs that people open. */
const maxEpochs = 4;

const day = 86_400_000;

/** What people ask for if they want a backfill. */
function backfillRequest(pipeline: string, { daysBack, days, concurrency }: BackfillSpec): BackfillRequest {
  const date = (back: number) => new Date(simulationStart - back * day).toISOString().slice(0, 10);
  const [from, to] = [date(daysBack), date(daysBack - days)];
  return { pipeline, from, to, every: "day", concurrency, retryFailed: false };
}

/** What people ask for, at times of their own choice. */
export class People {
  /** Runs that a person cancelled or tried to cancel. */
  readonly cancelled = new Set<string>();
  private interventions = 0;
  private readonly world: World;
  private readonly spec: PipelineSpec;
  private readonly works: ReadonlyMap<string, WorkSpec>;

  constructor(world: World, spec: PipelineSpec) {
    this.world = world;
    this.spec = spec;
    this.works = new Map(spec.steps.map(({ name, work }) => [name, work]));
    world.watch.onEnd = (run) => this.mayRetry(run);
    world.watch.onQuestion = (record) => this.answer(record);
  }

  /** Decides in advance when runs are cancelled. */
  mayCancel(runId: () => string | undefined): void {
    for (const [time, max] of [3000, 40_000, 900_000].entries()) {
      const key = `person/cancel ${time}`;
      const draws = this.world.plan.drawsFor(key);
      const kind = this.world.plan.decide(key, ["person cancels"], draws.next(), this.world.now);
      if (kind === undefined) continue;
      const when = draws.between(1, max);
      const cancel = () => {
        const id = runId();
        return id === undefined ? undefined : this.cancel(id);
      };
      this.world.scheduler.in(when, cancel);
      // Some people ask again while the first request is still being handled.
      if (draws.chance(0.5)) this.world.scheduler.in(when + draws.pick([30, 300, 3000]), cancel);
    }
  }

  /**
   * Lets some cancel or pause a run in the moment in which a step of it is claimed, or has succeeded and isn't joined.
   */
  mayInterveneAtSteps(runId: () => string | undefined): void {
    const intervene = (what: string, kinds: readonly [FaultKind, FaultKind]) => (record: StepRecord) => {
      const { runId: id, step, index, epoch } = record;
      if (id === runId()) this.mayIntervene(`person/at ${what} ${step}[${index}] e${epoch}`, id, kinds);
    };
    const { watch } = this.world;
    watch.onClaim = intervene("claim", ["person cancels at a claim", "person pauses at a claim"]);
    watch.onSuccess.push(intervene("success", ["person cancels at a success", "person pauses at a success"]));
  }

  /** Lets some cancel or pause a run in the moment of a call on which the seed focuses. */
  mayInterveneAtCall(runId: () => string | undefined): void {
    const kinds = ["person cancels at a call", "person pauses at a call"] as const;
    this.world.onFocus = (call) => {
      const id = runId();
      if (id !== undefined) this.mayIntervene(`person/at ${call}`, id, kinds);
    };
  }

  /** Decides whether a person cancels or pauses a run some milliseconds from now. */
  private mayIntervene(key: string, runId: string, kinds: readonly [FaultKind, FaultKind]): void {
    if (this.interventions >= maxInterventions) return;
    const draws = this.world.plan.drawsFor(key);
    const kind = this.world.plan.decide(key, kinds, draws.next(), this.world.now);
    if (kind === undefined) return;
    this.interventions += 1;
    const intervene = () => (kind === kinds[0] ? this.cancel(runId) : this.pause(runId, draws));
    this.world.scheduler.in(draws.between(1, draws.pick([10, 10, 300])), intervene);
  }

  /** Decides in advance when runs are paused. Each is resumed some time later. */
  mayPause(runId: () => string | undefined): void {
    for (const [time, max] of [2000, 60_000].entries()) {
      const key = `person/pause ${time}`;
      const draws = this.world.plan.drawsFor(key);
      const kind = this.world.plan.decide(key, ["person pauses"], draws.next(), this.world.now);
      if (kind === undefined) continue;
      this.world.scheduler.in(draws.between(1, max), async () => {
        const id = runId();
        if (id === undefined) return;
        await this.pause(id, draws);
      });
    }
  }

  /** Pauses a run now, and resumes it some time later. */
  private pause(runId: string, draws: Random): Promise<void> {
    const delay = draws.pick([500, 30_000, 400_000]);
    // Wait for the pause's answer first. If the pause came after its resume, it would never end.
    const later = () => this.world.scheduler.in(delay, () => this.insist("resume", runId, resumeRun));
    return this.ask("pause", runId, (engine) => pauseRun(engine, runId), later, later);
  }

  /** Requests, cancels and resumes backfills, at the times of their specs. Nobody gives up before there is an answer. */
  askForBackfills(pipeline: string): void {
    const { scheduler, backfills } = this.world;
    for (const [place, spec] of (this.spec.backfills ?? []).entries()) {
      const { asked, cancelled, resumed } = spec;
      const request = backfillRequest(pipeline, spec);
      const name = `backfill ${place}`;
      let id: string | undefined;
      const start = async (engine: Engine) => {
        id = (await startBackfill(engine, request)).id;
      };
      const cancel = async (engine: Engine) => {
        if (id === undefined) return;
        backfills.cancelled.add(id);
        await cancelBackfill(engine, id);
      };
      const resume = async (engine: Engine) => {
        if (id !== undefined) await resumeBackfill(engine, id, false);
      };
      scheduler.in(asked * 1000, () => this.insist(`start ${name}`, "", start));
      if (cancelled !== undefined)
        scheduler.in(cancelled * 1000, () => this.insist(`stop ${name}`, "", cancel));
      if (resumed !== undefined)
        scheduler.in(resumed * 1000, () => this.insist(`resume ${name}`, "", resume));
    }
  }

  /** Answers a question, unless its spec says that nobody answers it. */
  private answer({ runId, step, index }: StepRecord): void {
    const work = this.works.get(step);
    if (work?.kind !== "approval" || work.answer === "none" || index === "map") return;
    const approved = work.answer === "yes";
    const answer = (engine: Engine) => approveStep(engine, { runId, step, index, approved, by: "ana" });
    this.world.scheduler.in(20_000, () => this.insist(`answer ${step}`, runId, answer));
  }

  /** Repeats the request until there is an answer, whatever it is. */
  private insist(
    what: string,
    runId: string,
    work: (engine: Engine, runId: string) => Promise<unknown>,
  ): Promise<void> {
    const again = () => this.world.scheduler.in(60_000, () => this.insist(what, runId, work));
    return this.ask(what, runId, (engine) => work(engine, runId), again);
  }

  /** Cancels a run now. */
  cancel(runId: string): Promise<void> {
    this.cancelled.add(runId);
    // The workers that are active now are those that may be too late.
    for (const task of this.world.live) task.exposed = exposedByCancel;
    return this.ask("cancel", runId, (engine) => cancelRun(engine, runId));
  }

  private mayRetry(run: Run): void {
    if (run.state === "SUCCEEDED" || run.cause.kind === "step" || run.epoch >= maxEpochs) return;
    const key = `person/retry ${run.runId} ${run.epoch}`;
    const draws = this.world.plan.drawsFor(key);
    if (this.world.plan.decide(key, ["person retries"], draws.next(), this.world.now) === undefined) return;
    this.world.scheduler.in(draws.pick([20, 3000, 200_000]), () =>
      this.ask("retry", run.runId, (engine) => retryRun(engine, run.runId)),
    );
  }

  /**
   * @param unanswered called if AWS didn't answer; by default, nothing happens
   * @param answered called if AWS did answer
   */
  private ask(
    what: string,
    runId: string,
    work: (engine: Engine) => Promise<unknown>,
    unanswered: () => void = () => {},
    answered: () => void = () => {},
  ): Promise<void> {
    const task = this.world.task("person", what, "");
    if (what === "cancel") task.exposed = exposedByCancel;
    task.onKilled = unanswered;
    return this.world.begin(task, work, (error) => {
      if (isSimulated(error)) return unanswered();
      // A person gives up if the answer is that the request doesn't fit the run's state.
      const isRefusal = error instanceof RunStateError || error instanceof RunNotFoundError;
      if (error !== undefined && !isRefusal)
        this.world.violations.add("people get answers", `${what} of ${runId} threw ${String(error)}`);
      answered();
    });
  }
}
