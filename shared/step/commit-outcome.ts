import type { Json } from "../pipeline/json.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import type { Failure } from "../state/failure.ts";
import type { HeldStep } from "../state/step-record.ts";
import { failAttempt, succeedAttempt } from "./finish-attempt.ts";
import { delayBeforeRetry, keepOutcome, keptOutcomeOf, passes } from "./kept-outcome.ts";
import { hintFor, type StepWork } from "./step-work.ts";

/** What a function's attempt ended with. */
export type Outcome = { readonly output: Json } | { readonly failure: Failure };

/** Milliseconds of a worker's time that are left when it gives up a commit: it still has to send a hint. */
const hintReserve = 1000;

/** Milliseconds for which a worker tries to commit an outcome that it found: no lease limits that any more. */
const foundPatience = 30_000;

function commit(engine: Engine, work: StepWork, held: StoredStep, outcome: Outcome): Promise<void> {
  return "output" in outcome
    ? succeedAttempt(engine, work, held, outcome.output)
    : failAttempt(engine, work, held, outcome.failure);
}

/** Whether the record is still the one that an outcome is to replace; true if AWS doesn't say. */
async function mayBeCurrent(engine: Engine, held: StoredStep): Promise<boolean> {
  try {
    return (await engine.store.getStep(held))?.version === held.version;
  } catch (error) {
    if (!passes(error)) throw error;
    return true;
  }
}

/** Sends the hint that finds a kept outcome, once the lease has run out. */
async function leaveToNext(engine: Engine, work: StepWork, held: HeldStep & StoredStep): Promise<void> {
  const { runId, step, index, leaseUntil } = held;
  engine.log.warn("a step's outcome is kept in S3, because AWS throttles or fails", { runId, step, index });
  const left = Math.max(0, leaseUntil - engine.clock.now());
  await engine.queue.send([hintFor(held, work.run.epoch)], left + 1000 + engine.random() * 20_000);
}

/**
 * Commits the outcome of a function, which must not run again only because AWS throttles or fails. It tries until the
 * lease or the worker's time is over. The outcome is kept in S3 meanwhile, and the next worker finds it there.
 *
 * @param until when the worker stops trying, epoch milliseconds
 * @throws the error of AWS if neither the commit nor keeping the outcome worked, or if the commit worked and its join
 * didn't. The message then comes back, and its worker does what is missing
 */
async function commitUntil(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
  outcome: Outcome,
  until: number,
): Promise<void> {
  let isKept = false;
  for (let tried = 1; ; tried += 1) {
    try {
      return await commit(engine, work, held, outcome);
    } catch (error) {
      if (!passes(error)) throw error;
      isKept ||= await keepOutcome(engine, work.run, held, outcome);
      const delay = delayBeforeRetry(engine, tried);
      if (engine.clock.now() + delay >= until) {
        if (!isKept) throw error;
        return leaveToNext(engine, work, held);
      }
      await engine.clock.pause(delay);
      if (!(await mayBeCurrent(engine, held))) throw error;
    }
  }
}

/**
 * Commits the outcome of a function that this worker has run: {@link commitUntil}.
 *
 * @param deadline when the worker must have ended, epoch milliseconds
 */
export function commitOutcome(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
  outcome: Outcome,
  deadline: number,
): Promise<void> {
  return commitUntil(engine, work, held, outcome, Math.min(held.leaseUntil, deadline - hintReserve));
}

/** What is known about a lease that has run out. */
export type Lapsed = "committed" | "released" | "lost";

/**
 * Finds out what became of a step whose lease has run out. If its worker kept an outcome, commits it.
 *
 * @param deadline when this worker must have ended, epoch milliseconds
 * @returns `released` if the worker gave the step up without a result; `lost` if nothing is known, so it died
 */
export async function settleLapsed(
  engine: Engine,
  work: StepWork,
  lapsed: HeldStep & StoredStep,
  deadline: number,
): Promise<Lapsed> {
  const kept = await keptOutcomeOf(engine, work.run, lapsed);
  if (kept === undefined) return "lost";
  if ("released" in kept) return "released";
  const until = Math.min(engine.clock.now() + foundPatience, deadline - hintReserve);
  await commitUntil(engine, work, lapsed, kept, until);
  return "committed";
}
