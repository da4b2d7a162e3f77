import { endSubmission } from "../batch/end-submission.ts";
import type { Engine } from "../ports/engine.ts";
import { parseStepMessage, type StepMessage } from "../ports/step-queue.ts";
import { isDue } from "../run/after-run-step.ts";
import { nodeOf } from "../run/run-graph.ts";
import { attemptAhead, releasedLease } from "../state/decide-claim.ts";
import { engineError, lossLimits } from "../state/failure.ts";
import { withLosses } from "../state/step-changes.ts";
import { type FoundStep, isHeld, lossesTo } from "../state/step-record.ts";
import { claimAsRead, claimRequest } from "../step/claim-step.ts";
import { settleLapsed } from "../step/commit-outcome.ts";
import { failAttempt } from "../step/finish-attempt.ts";
import { joinEnded } from "../step/join-step.ts";
import { releaseStep } from "../step/release-step.ts";
import { hintFor, type StepWork } from "../step/step-work.ts";
import { isSuspect } from "./handle-step-message.ts";

/**
 * Dead letters of a submission that come within this many milliseconds count as one: an outage may hit several
 * messages.
 */
const oneOutage = 30 * 60_000;

/**
 * Whether another dead letter of a submission has just been noted: its lease ended at that moment. If the lease was
 * released, a worker has handled a message since.
 */
function wasNoted(record: FoundStep, now: number): boolean {
  if (!isHeld(record) || lossesTo(record, "delivery") === 0) return false;
  return record.leaseUntil === releasedLease || now < record.leaseUntil + oneOutage;
}

/**
 * Records that a message was delivered again and again but never handled: the attempt that it asked for is lost, so the
 * dead letter doesn't go unnoticed. One loss is tolerated, because a message also dies if Lambda has no worker free for
 * an hour; the next one fails the step with the reason.
 *
 * A submission under way only notes the loss and goes on in the same attempt, because its jobs may be at work.
 *
 * A message may outlive what it was about. So nothing happens if a worker holds the step, or if the step has moved on
 * to another attempt, or moves on meanwhile. A suspect step (one that may have killed its worker) is also left alone if
 * its message died in shared workers: it continues in a worker of its own.
 */
export async function failDeadLetter(engine: Engine, message: StepMessage): Promise<void> {
  const { runId, step, index, epoch, attempt } = message;
  const run = await engine.store.getRun(runId);
  if (run === undefined || !isDue(run, message)) return;
  const found = await nodeOf(engine, run, step);
  if (found === undefined) return;
  const work: StepWork = { run, ...found };
  const record = await engine.store.getStep({ runId, step, index });
  if (attemptAhead(record, epoch) !== attempt) return;
  if (record?.epoch === epoch && isSuspect(work, record) && !message.alone) return;
  const now = engine.clock.now();
  if (record !== undefined && wasNoted(record, now)) return;
  const claim = await claimAsRead(engine, claimRequest(work, message, now, now), record);
  if (claim?.kind === "ended") return joinEnded(engine, work, claim.record);
  if (claim?.kind !== "claim" && claim?.kind !== "lost") return;
  // The step's work may be done although its message couldn't be handled.
  if (claim.kind === "lost" && (await settleLapsed(engine, work, claim.record, now)) === "committed") return;
  const isTolerated = lossesTo(claim.record, "delivery") < lossLimits.delivery;
  if (claim.kind === "claim" && claim.resumed && isTolerated) {
    // Jobs of the submission may be at work, so the attempt goes on: the next worker finds them by their names.
    await engine.store.putStep(withLosses(claim.record, "delivery", 1), claim.record.version);
    return engine.queue.send([hintFor(claim.record, epoch)]);
  }
  try {
    await endSubmission(engine, run, found.node, claim.record, "The step's message could not be handled");
    await failAttempt(engine, work, claim.record, {
      error: engineError("DEAD_LETTER", "its message was delivered repeatedly and never handled"),
      retryable: true,
      lostTo: "delivery",
    });
  } catch (error) {
    // Otherwise the claim would look like that of a worker that died. Its lease ends at once, so this is one try.
    if (claim.kind === "claim") await releaseStep(engine, run, claim.record, claim.record.leaseUntil);
    throw error;
  }
}

/** Reads a dead letter. Returns undefined if it isn't a step message: it's logged then, and no run waits for it. */
export function readDeadLetter(engine: Engine, body: string): StepMessage | undefined {
  try {
    return parseStepMessage(body);
  } catch (error) {
    engine.log.error("dead letter is not a step message; dropped", { body, error });
    return undefined;
  }
}
