import { identityOf } from "../../../shared/batch/job-environment.ts";
import { handleJob } from "../../../shared/jobs/handle-job.ts";
import type { LandedObject } from "../../../shared/pipeline/pipeline.ts";
import type { JobDetail } from "../../../shared/ports/batch-service.ts";
import type { Engine, WorkerSize } from "../../../shared/ports/engine.ts";
import { maxMessageDelay, type StepMessage } from "../../../shared/ports/step-queue.ts";
import { attemptAhead } from "../../../shared/state/decide-claim.ts";
import type { StepRecord } from "../../../shared/state/step-record.ts";
import { startForObject } from "../../../shared/trigger/start-for-object.ts";
import { failDeadLetter } from "../../../shared/worker/fail-dead-letter.ts";
import { handleStepMessage } from "../../../shared/worker/handle-step-message.ts";
import { subjectOf } from "../faults/fault-ledger.ts";
import type { FaultKind } from "../faults/fault-plan.ts";
import type { Soon } from "./scheduler.ts";
import type { TaskKind } from "./task.ts";
import type { World } from "./world.ts";

/** An SQS queue and its function, as serverless.yml and resources/queues.yml set them up. */
type Lane = {
  readonly kind: TaskKind;
  readonly workerSize: WorkerSize;
  /** How many milliseconds a received message stays hidden. */
  readonly visibility: number;
  readonly faults: Readonly<Record<"duplicated" | "delayed" | "lost", FaultKind>>;
};

/** After this many messages about one subject, none is delivered twice. */
const maxCopies = 100;

/** After this many receives, a message becomes a dead letter. */
const maxReceives = 5;
/** Milliseconds that the step worker may take. */
const stepWorkerTime = 120_000;

const steps: Lane = {
  kind: "message",
  workerSize: "small",
  visibility: 720_000,
  faults: { duplicated: "message duplicated", delayed: "message delayed", lost: "message lost" },
};
const largeSteps: Lane = { ...steps, workerSize: "large" };
const events: Lane = {
  kind: "event",
  workerSize: "small",
  visibility: 180_000,
  faults: { duplicated: "event duplicated", delayed: "event delayed", lost: "event lost" },
};
const starts: Lane = { ...steps, kind: "start", visibility: 180_000 };
const landings: Lane = { ...starts, faults: { ...starts.faults, lost: "object's event lost" } };

/** One message on its way. */
type Letter = {
  readonly lane: Lane;
  readonly about: string;
  readonly subject: string;
  readonly handle: (engine: Engine) => Promise<unknown>;
  readonly dead: () => Promise<void> | void;
};

/** Delivers messages to workers: at least once unless lost, in any order, and again until a worker has handled them. */
export class Delivery {
  /** When the last message without a delay was sent. */
  sentAt = 0;
  /** Until when no worker is free for the messages of a subject. */
  private readonly starvedUntil = new Map<string, number>();
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** A hint about a step, for workers of a given size. */
  message(message: StepMessage, delay: number, workerSize: WorkerSize): void {
    const { step, index, epoch, shard } = message;
    const lane = workerSize === "large" ? largeSteps : steps;
    const subject = subjectOf(message);
    const place = `${step}[${index}]${shard === undefined ? "" : `/${shard}`} e${epoch}`;
    const about = workerSize === "large" ? `${place} large` : place;
    const sentFor = attemptAhead(this.recordOf(message), epoch);
    const handle = (engine: Engine) =>
      handleStepMessage(engine, message, engine.clock.now() + stepWorkerTime);
    const dead = () => this.poison(message, about, subject, sentFor);
    this.send({ lane, about, subject, handle, dead }, Math.min(delay, maxMessageDelay));
  }

  /** An event from Batch about a job. */
  event(event: JobDetail): void {
    const job = identityOf(event);
    const about = `${job === undefined ? event.id : `${job.step}[${job.index}]`} ${event.state}`;
    const handle = (engine: Engine) => handleJob(engine, event);
    this.send({ lane: events, about, subject: "", handle, dead: () => {} }, 0);
  }

  /** Something that starts a run. */
  start(about: string, handle: (engine: Engine) => Promise<unknown>): void {
    this.receive({ lane: starts, about, subject: "start", handle, dead: () => {} }, 1);
  }

  /** An event from S3 about a new object. */
  landed(object: LandedObject): void {
    const handle = (engine: Engine) => startForObject(engine, object);
    this.send({ lane: landings, about: object.key, subject: "", handle, dead: () => {} }, 0);
  }

  private send(letter: Letter, delay: number): void {
    const { lane, about } = letter;
    if (delay === 0) this.sentAt = this.world.now;
    const sent = this.world.count(`sent ${lane.kind} ${about}`);
    const key = `${lane.kind} ${about}/sent ${sent}`;
    const draws = this.world.plan.drawsFor(key);
    const { duplicated, delayed, lost } = lane.faults;
    // Copies of a waiting hint send copies themselves. No real queue is so bad that they grow without bound.
    const kinds = sent > maxCopies ? [delayed, lost] : [duplicated, delayed, lost];
    const fault = this.world.plan.decide(key, kinds, draws.next(), this.world.now);
    this.world.trace.add(
      this.world.now,
      "queue",
      () => `${about} sent, delay ${delay} ${fault?.toUpperCase() ?? ""}`,
    );
    if (fault === lost) return;
    const late = fault === delayed ? draws.pick([500, 5000, 100_000, 1_000_000]) : 0;
    const arrive = () => this.receive(letter, 1);
    const what: Soon = { kind: "delivery", about: `${lane.kind} ${about}` };
    if (delay + late > 0) this.world.scheduler.in(delay + late + draws.between(1, 40), arrive, what.about);
    else this.world.scheduler.soon(what, draws.between(1, 40), arrive);
    if (fault === duplicated) this.world.scheduler.in(delay + draws.pick([1, 30, 1000, 200_000]), arrive);
  }

  private receive(letter: Letter, receives: number): Promise<void> | void {
    const { lane, about, subject } = letter;
    if (receives > maxReceives) {
      this.world.ledger.noteDeadLetter(subject);
      return letter.dead();
    }
    const state = { back: false };
    const comesBack = (after: number) => {
      if (state.back) return;
      state.back = true;
      this.world.scheduler.in(after, () => this.receive(letter, receives + 1), `${about} again ${receives}`);
    };
    if (lane.kind === "message" && this.isWasted(letter)) return comesBack(lane.visibility);
    const task = this.world.task(lane.kind, about, subject);
    task.workerSize = lane.workerSize;
    task.onKilled = () => comesBack(lane.visibility);
    return this.world.begin(task, letter.handle, (error) => {
      if (error !== undefined) return comesBack(lane.visibility);
      const key = `${task.name}/ack`;
      const draw = this.world.plan.drawsFor(key).next();
      if (this.world.plan.decide(key, ["acknowledgement lost"], draw, this.world.now) === undefined) return;
      if (receives < maxReceives || lane.kind === "message") comesBack(lane.visibility);
    });
  }

  /** Whether a message is received and no worker is free to handle it, as when Lambda throttles a function. */
  private isWasted({ lane, about, subject }: Letter): boolean {
    if (!this.world.ledger.mayDie(subject)) return false;
    const key = `${lane.kind} ${about}/received ${this.world.count(`received ${lane.kind} ${about}`)}`;
    const { now, plan } = this.world;
    const draws = plan.drawsFor(key);
    const isStarved = now < (this.starvedUntil.get(subject) ?? 0);
    if (plan.decide(key, ["no worker free"], isStarved ? 0 : draws.next(), now) === undefined) return false;
    if (!isStarved) this.starvedUntil.set(subject, now + draws.pick([0, 0, 600_000, 7_200_000]));
    this.world.trace.add(this.world.now, "queue", () => `${about} NO WORKER FREE`);
    return true;
  }

  private recordOf({ runId, step, index }: StepMessage): StepRecord | undefined {
    return this.world.watch.steps.get(runId, step, index);
  }

  /** @param sentFor the attempt that was ahead when the message was sent */
  private poison(message: StepMessage, about: string, subject: string, sentFor: number): Promise<void> {
    const task = this.world.task("dead letter", about, subject);
    const before = this.recordOf(message);
    const charge = () => {
      const after = this.recordOf(message);
      if (after === undefined || after.epoch !== message.epoch || after.attempt <= sentFor) return;
      if ("error" in after && after.error?.name === "DeadLetter" && after !== before)
        this.world.violations.add(
          "a dead letter costs only what it was about",
          `${about} was sent for attempt ${sentFor} and cost attempt ${after.attempt}`,
        );
    };
    return this.world.begin(task, (engine) => failDeadLetter(engine, message), charge);
  }
}
