import { settleHintedStep } from "../cancel/settle-cancellation.ts";
import type { StepNode } from "../pipeline/graph.ts";
import { NewerRecordError } from "../pipeline/stored-record.ts";
import { doneBy } from "../pipeline/task-kinds.ts";
import { isThrottling } from "../platform/throttling.ts";
import type { Engine, WorkerSize } from "../ports/engine.ts";
import type { StepMessage } from "../ports/step-queue.ts";
import { isAfterRunStep, isDue } from "../run/after-run-step.ts";
import { nodeOf } from "../run/run-graph.ts";
import { type NextStep, TailCall } from "../run/tail-call.ts";
import { engineError, type Failure } from "../state/failure.ts";
import { childrenOf, type FoundStep, lossesTo, type StepRecord } from "../state/step-record.ts";
import { type Claim, claimRequest, claimStep } from "../step/claim-step.ts";
import { settleLapsed } from "../step/commit-outcome.ts";
import { failAttempt } from "../step/finish-attempt.ts";
import { joinEnded } from "../step/join-step.ts";
import { passes } from "../step/kept-outcome.ts";
import { driveShard } from "../step/map-step.ts";
import { releaseNow, releaseStep } from "../step/release-step.ts";
import type { StepWork } from "../step/step-work.ts";
import { lookAtSuspended } from "./look-at-suspended.ts";
import { runStep } from "./run-step.ts";

/** Milliseconds that a lease lasts beyond the time that the work may take. */
const leaseMarginMs = 5000;

/** Milliseconds by which a hint for a step's time may come too early, because clocks differ. */
const maxEarly = 30_000;

/** Whether an error will pass by itself and isn't the step's fault, so that its message is worth another try. */
function isTransient(error: unknown): boolean {
  return passes(error) || error instanceof NewerRecordError;
}

/** Milliseconds until a message is tried again after an error. Random, so that messages don't all come at once. */
function delayAfter(engine: Engine, error: unknown): number {
  if (isThrottling(error)) return 1000 + engine.random() * 20_000;
  return isTransient(error) ? 30_000 + engine.random() * 60_000 : 0;
}

/**
 * If a step has lost a worker before and loses another, its next attempt waits for a random time: up to this many
 * milliseconds for each earlier loss. A worker may hold several steps when it dies. Functions then run alone, but other
 * steps share workers again. The delays keep those from meeting in one worker again.
 */
const lossSpread = 10_000;

/** The failure of an attempt whose worker died. */
function workerLost(engine: Engine, record: StepRecord): Failure {
  const losses = lossesTo(record, "worker");
  const message = "its worker died while it ran: it was killed or ran out of memory";
  return {
    error: engineError("WORKER_LOST", message),
    retryable: true,
    lostTo: "worker",
    retryAfter: Math.round(engine.random() * losses * lossSpread),
  };
}

/**
 * Milliseconds that a worker may hold a step: the time its function may take, or the time that it takes to hand the
 * step to whatever does its work.
 */
function leaseOf(engine: Engine, { node }: StepWork, index: StepMessage["index"]): number {
  if (doneBy(node.task) === "worker" && index !== "map") return node.timeout * 1000 + leaseMarginMs;
  return engine.settings.submitLeaseSeconds * 1000;
}

/** The size of the workers that a message is for. Small workers keep a map's own record and drive its shards. */
function sizeFor({ size }: StepNode, { index, alone }: StepMessage): WorkerSize {
  if (alone) return "large";
  return size === undefined || index === "map" ? "small" : size;
}

/**
 * Whether a function may take its worker down, because a worker died with it or was blocked before. We can't always tell
 * which step did that to a small worker, so each runs alone from then on and can't be harmed by another step again.
 */
export function isSuspect({ node }: StepWork, record: FoundStep): boolean {
  const isFunction = doneBy(node.task) === "worker" && record.index !== "map";
  // The steps that follow a run's end need data that only small workers may read, and they don't change a run.
  const isSuspected = record.alone === true || lossesTo(record, "worker") > 0;
  return isFunction && !isAfterRunStep(node.name) && isSuspected;
}

/** Hands a claimed step to a worker that does nothing else. If the hint is lost, the sweep sends another. */
async function forwardAlone(
  engine: Engine,
  message: StepMessage,
  { run }: StepWork,
  { record }: Claim,
  deadline: number,
): Promise<void> {
  const { runId, step, index } = record;
  engine.log.info("step that lost its worker is forwarded to a large worker", { runId, step, index });
  await releaseStep(engine, run, record, deadline);
  await engine.largeQueue.send([{ ...message, attempt: record.attempt, alone: true }]);
}

/**
 * Claims the step of a message and runs it. If there's nothing to run, does what the step's record needs. A step for
 * workers of the other size is forwarded to them, and a map's shard is driven.
 */
async function claimAndRun(
  engine: Engine,
  message: StepMessage,
  work: StepWork,
  deadline: number,
): Promise<void> {
  const { runId, step, index, shard } = message;
  const { node } = work;
  const size = sizeFor(node, message);
  if (size !== engine.workerSize) {
    // Forwarded before the step is claimed. Only the hint exists so far, and the sweep replaces a lost hint.
    return (size === "large" ? engine.largeQueue : engine.queue).send([message]);
  }
  const now = engine.clock.now();
  if (shard !== undefined) {
    const map = await engine.store.getStep({ runId, step, index: "map" });
    const children = map && childrenOf(map);
    if (children !== undefined) await driveShard(engine, work, shard, children);
    return;
  }
  const claim = await claimStep(engine, claimRequest(work, message, now, now + leaseOf(engine, work, index)));
  if (claim.kind === "claim" && size === "small" && isSuspect(work, claim.record))
    return forwardAlone(engine, message, work, claim, deadline);
  if (claim.kind === "claim") return runStep(engine, work, claim, deadline);
  if (claim.kind === "lost") {
    const lapsed = await settleLapsed(engine, work, claim.record, deadline);
    if (lapsed === "committed") return undefined;
    if (lapsed === "lost") return failAttempt(engine, work, claim.record, workerLost(engine, claim.record));
    await releaseNow(engine, claim.record);
    return claimAndRun(engine, message, work, deadline);
  }
  if (claim.kind === "ended") return joinEnded(engine, work, claim.record);
  if (claim.kind === "later") {
    // A hint for that time was sent when it was set, or the sweep sends one. Only a hint that is slightly early is sent
    // again.
    const early = claim.at - now;
    return early > maxEarly ? undefined : engine.queue.send([message], Math.max(early, 1000));
  }
  if (claim.kind === "newer") {
    // The newer code's own sweep hints at the step again.
    return engine.log.warn("step was written by newer code; skipped", {
      ...{ runId, step, index },
      stored: claim.record.stored,
    });
  }
  if (claim.kind === "suspended") await lookAtSuspended(engine, work, claim.record);
}

/** Handles a message from the queue: reads the run first. */
async function workOnMessage(engine: Engine, message: StepMessage, tail: TailCall, deadline: number) {
  const run = await engine.store.getRun(message.runId);
  if (run === undefined) return;
  if (run.state === "CANCELLING" && !isAfterRunStep(message.step))
    return settleHintedStep(engine, run, message);
  if (!isDue(run, message)) return;
  const found = await nodeOf(engine, run, message.step);
  if (found === undefined)
    return engine.log.warn("message for a step that isn't in the run's graph", message);
  await claimAndRun(engine, message, { run, ...found, tail }, deadline);
}

/** Continues with the next step. If that fails, its hint is sent after all, so only that step comes back. */
async function workOnNext(engine: Engine, next: NextStep, tail: TailCall, deadline: number): Promise<void> {
  const { message, run } = next;
  const found = await nodeOf(engine, run, message.step);
  if (found === undefined) return;
  try {
    await claimAndRun(engine, message, { run, ...found, tail }, deadline);
  } catch (error) {
    engine.log.warn("tail call failed; the step's message will run it", { ...message, error });
    await engine.queue.send([message], delayAfter(engine, error));
  }
}

/**
 * Works on the step that a message hints at, and then on the steps that follow, one after the other, while time
 * remains. The message may be late, repeated or wrong; the stored state decides. If this returns, the message is done.
 * If it throws, the message should come back.
 *
 * @param deadline when the worker must have ended, epoch milliseconds
 */
export async function handleStepMessage(
  engine: Engine,
  message: StepMessage,
  deadline: number,
): Promise<void> {
  const begun = engine.clock.now();
  let tail = new TailCall(begun, deadline);
  try {
    await workOnMessage(engine, message, tail, deadline);
  } catch (error) {
    if (!isTransient(error)) throw error;
    // A copy is sent, so that waiting doesn't use up the receives after which a message becomes a dead letter.
    const why = error instanceof NewerRecordError ? "newer code has to go on" : "AWS throttles or fails";
    engine.log.warn(`${why}; the message is sent again`, { ...message, error });
    return engine.queue.send([message], delayAfter(engine, error));
  }
  while (tail.next !== undefined) {
    const { next } = tail;
    tail = new TailCall(begun, deadline);
    await workOnNext(engine, next, tail, deadline);
  }
}
