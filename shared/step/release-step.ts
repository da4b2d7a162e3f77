import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { releasedLease } from "../state/decide-claim.ts";
import type { Run } from "../state/run.ts";
import type { HeldStep } from "../state/step-record.ts";
import { delayBeforeRetry, keepOutcome, passes } from "./kept-outcome.ts";
import { hintFor, type StepWork } from "./step-work.ts";

/** Milliseconds for which a worker tries to release a step, and those of its own time that it reserves. */
const patience = 10_000;
const reserve = 1000;

/** One try to release a step; nothing happens if another worker has it by now. */
export async function releaseNow(engine: Engine, held: HeldStep & StoredStep): Promise<void> {
  await engine.store.putStep({ ...held, leaseUntil: releasedLease }, held.version);
}

/**
 * Releases a step that the worker couldn't finish, so that the next worker can continue the attempt at once and no
 * worker counts as lost. If AWS throttles or fails, it is tried again; then a note in S3 tells the next worker.
 *
 * @param deadline when the worker must have ended, epoch milliseconds
 */
export async function releaseStep(
  engine: Engine,
  run: Run,
  held: HeldStep & StoredStep,
  deadline: number,
): Promise<void> {
  const { runId, step, index } = held;
  const until = Math.min(engine.clock.now() + patience, held.leaseUntil, deadline - reserve);
  let isNoted = false;
  for (let tried = 1; ; tried += 1) {
    try {
      return await releaseNow(engine, held);
    } catch (error) {
      try {
        if (passes(error)) isNoted ||= await keepOutcome(engine, run, held, { released: true });
      } catch (other) {
        engine.log.warn("a note about a step could not be kept", { runId, step, index, error: other });
      }
      const delay = delayBeforeRetry(engine, tried);
      if (!passes(error) || engine.clock.now() + delay >= until) {
        return engine.log.warn("a step stays held until its lease ends", {
          runId,
          step,
          index,
          isNoted,
          error,
        });
      }
      await engine.clock.pause(delay);
    }
  }
}

/**
 * Releases a function whose worker was blocked, by itself or by another: it goes on in a worker of its own. The hint
 * goes to the queue of small workers, one of which forwards it.
 */
export async function releaseAlone(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
  deadline: number,
): Promise<void> {
  const { runId, step, index } = held;
  engine.log.warn("a step is left to a worker of its own, because its worker was blocked", {
    runId,
    step,
    index,
  });
  await releaseStep(engine, work.run, { ...held, alone: true }, deadline);
  await engine.queue.send([hintFor(held, work.run.epoch)]);
}
