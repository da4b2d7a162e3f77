import { endSubmission } from "../batch/end-submission.ts";
import type { Engine } from "../ports/engine.ts";
import { parseStepMessage, type StepMessage } from "../ports/step-queue.ts";
import { isDue } from "../run/after-run-step.ts";
import { nodeOf } from "../run/run-graph.ts";
import { attemptAhead } from "../state/decide-claim.ts";
import { engineError } from "../state/failure.ts";
import { claimAsRead, claimRequest } from "../step/claim-step.ts";
import { settleLapsed } from "../step/commit-outcome.ts";
import { failAttempt } from "../step/finish-attempt.ts";
import { joinEnded } from "../step/join-step.ts";
import type { StepWork } from "../step/step-work.ts";
import { isSuspect } from "./handle-step-message.ts";

/**
 * Records that a message was delivered again and again but never handled: the attempt that it asked for is lost, so the
 * dead letter doesn't go unnoticed. One loss is tolerated, because a message also dies if Lambda has no worker free for
 * an hour; the next one fails the step with the reason.
 *
 * A message may outlive what it was about. So nothing happens if a worker holds the step, or if the step has moved on
 * to another attempt, or moves on meanwhile. A suspect step whose message died in shared workers is also left alone: it
 * continues in a worker of its own.
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
  const claim = await claimAsRead(engine, claimRequest(work, message, now, now), record);
  if (claim?.kind === "ended") return joinEnded(engine, work, claim.record);
  if (claim?.kind !== "claim" && claim?.kind !== "lost") return;
  // The step's work may be done although its message couldn't be handled.
  if (claim.kind === "lost" && (await settleLapsed(engine, work, claim.record, now)) === "committed") return;
  await endSubmission(engine, run, found.node, claim.record, "The step's message could not be handled");
  await failAttempt(engine, work, claim.record, {
    error: engineError("DEAD_LETTER", "its message was delivered repeatedly and never handled"),
    retryable: true,
    lostTo: "delivery",
  });
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
