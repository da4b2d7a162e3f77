import { settleHinted } from "../cancel/settle-cancellation.ts";
import type { StepNode } from "../pipeline/graph.ts";
import { NewerRecordError } from "../pipeline/stored-record.ts";
import { doneBy } from "../pipeline/task-kinds.ts";
import { isOutage } from "../platform/outage.ts";
import { isThrottling } from "../platform/throttling.ts";
import type { Engine, WorkerSize } from "../ports/engine.ts";
import type { StepMessage } from "../ports/step-queue.ts";
import { isAfterRunStep, isDue } from "../run/after-run-step.ts";
import { nodeOf } from "../run/run-graph.ts";
import { type NextStep, TailCall } from "../run/tail-call.ts";
import type { Failure } from "../state/failure.ts";
import { childrenOf, type FoundStep, lossesTo, type StepRecord } from "../state/step-record.ts";
import { type Claim, claimRequest, claimStep } from "../step/claim-step.ts";
import { failAttempt } from "../step/finish-attempt.ts";
import { joinEnded } from "../step/join-step.ts";
import { driveShard } from "../step/map-step.ts";
import type { StepWork } from "../step/step-work.ts";
import { lookAtSuspended } from "./look-at-suspended.ts";
import { letGo, runStep } from "./run-step.ts";

/** Milliseconds that a lease lasts beyond the time that the work may take. */
const leaseSlack = 5000;

/** Milliseconds by which a hint may be early that is meant for a step's time: clocks differ. */
const maxEarly = 30_000;

/** Whether a message could not be worked on now for a reason that passes, and that is not the step's. */
function willPass(error: unknown): boolean {
  return isThrottling(error) || isOutage(error) || error instanceof NewerRecordError;
}

/** Milliseconds until such a message is tried again: spread, so that not all come at once. */
function delayAfter(engine: Engine, error: unknown): number {
  if (isThrottling(error)) return 1000 + engine.random() * 20_000;
  return willPass(error) ? 30_000 + engine.random() * 60_000 : 0;
}

/**
 * Milliseconds by which attempts that lost their worker are spread for each loss after the first: a worker holds several
 * steps, and what is no function is not given one to itself.
 */
const lossSpread = 10_000;

/** What an attempt fails by whose worker died. */
function workerLost(engine: Engine, record: StepRecord): Failure {
  const losses = lossesTo(record, "worker");
  const message =
    "its worker died while it ran, killed or out of memory: see the worker's log; what needs more memory than workers have is a batch job";
  return {
    error: { name: "WorkerLost", message },
    retryable: true,
    lostTo: "worker",
    retryAfter: Math.round(engine.random() * losses * lossSpread),
  };
}

/** Milliseconds that a worker may hold a step: what its function may take, or what handing it on takes. */
function leaseOf(engine: Engine, { node }: StepWork, index: StepMessage["index"]): number {
  if (doneBy(node.task) === "worker" && index !== "map") return node.timeout * 1000 + leaseSlack;
  return engine.settings.submitLeaseSeconds * 1000;
}

/** The size of the workers that a message is for: a map's own record is kept, and its shards are driven, by small ones. */
function sizeFor({ size }: StepNode, { index, alone }: StepMessage): WorkerSize {
  if (alone) return "large";
  return size === undefined || index === "map" ? "small" : size;
}

/**
 * Whether a function may take its worker down, since one died with it before. Who it was of the steps that a small worker
 * holds, nobody knows; so each of them runs by itself from then on, and none dies of another a second time.
 */
export function isSuspect({ node }: StepWork, record: FoundStep): boolean {
  const isFunction = doneBy(node.task) === "worker" && record.index !== "map";
  // What follows a run's end needs what only small workers may read, and changes no run.
  return isFunction && !isAfterRunStep(node.name) && lossesTo(record, "worker") > 0;
}

/** Leaves a step that was claimed to a worker that has nothing else to do. If the hint is lost, the sweep sends another. */
async function leaveAlone(engine: Engine, message: StepMessage, { record }: Claim): Promise<void> {
  const { runId, step, index } = record;
  engine.log.info("a step that lost its worker is left to one of its own", { runId, step, index });
  await letGo(engine, record);
  await engine.largeQueue.send([{ ...message, alone: true }]);
}

/**
 * Gets hold of the step that a message is about and runs it, or does what else its record asks for. A step for workers of
 * the other size is handed on to those, a map's shard is driven.
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
    // Before anything is claimed: the hint is all that there is, and the sweep sends one that is lost again.
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
    return leaveAlone(engine, message, claim);
  if (claim.kind === "claim") return runStep(engine, work, claim, deadline);
  if (claim.kind === "lost") return failAttempt(engine, work, claim.record, workerLost(engine, claim.record));
  if (claim.kind === "ended") return joinEnded(engine, work, claim.record);
  if (claim.kind === "later") {
    // Whoever set that time sent a hint for it, or the sweep does; only one that is just early is sent on.
    const early = claim.at - now;
    return early > maxEarly ? undefined : engine.queue.send([message], Math.max(early, 1000));
  }
  if (claim.kind === "newer") {
    // Its own sweep hints at it again.
    return engine.log.warn("a step that newer code has written is left to it", {
      ...{ runId, step, index },
      stored: claim.record.stored,
    });
  }
  if (claim.kind === "suspended") await lookAtSuspended(engine, work, claim.record);
}

/** Works on a message as the queue gave it: the run is read first. */
async function workOnMessage(engine: Engine, message: StepMessage, tail: TailCall, deadline: number) {
  const run = await engine.store.getRun(message.runId);
  if (run === undefined) return;
  if (run.state === "CANCELLING" && !isAfterRunStep(message.step)) return settleHinted(engine, run, message);
  if (!isDue(run, message)) return;
  const found = await nodeOf(engine, run, message.step);
  if (found === undefined) return engine.log.warn("message for a step that the run's graph lacks", message);
  await claimAndRun(engine, message, { run, ...found, tail }, deadline);
}

/** Goes on with the step that follows; its hint is sent after all when that fails, and only it comes back. */
async function workOnNext(engine: Engine, next: NextStep, tail: TailCall, deadline: number): Promise<void> {
  const { message, run } = next;
  const found = await nodeOf(engine, run, message.step);
  if (found === undefined) return;
  try {
    await claimAndRun(engine, message, { run, ...found, tail }, deadline);
  } catch (error) {
    engine.log.warn("a step that followed another at once is left to its message", { ...message, error });
    await engine.queue.send([message], delayAfter(engine, error));
  }
}

/**
 * Works on a step because a message hints at it, and then on what follows, one step after the other, as long as the time
 * lasts. The message may be late, repeated or wrong: what is stored decides. When this returns, the message has done its
 * service; when it throws, it should come back.
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
    if (!willPass(error)) throw error;
    // Sent again, so that waiting uses up none of the receives after which a message counts as poison.
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
