import { endSubmission } from "../batch/end-submission.ts";
import type { Engine } from "../ports/engine.ts";
import { parseStepMessage, type StepMessage } from "../ports/step-queue.ts";
import { isDue } from "../run/after-run-step.ts";
import { nodeOf } from "../run/run-graph.ts";
import { fatal } from "../state/failure.ts";
import { claimRequest, claimStep } from "../step/claim-step.ts";
import { settleLapsed } from "../step/commit-outcome.ts";
import { failAttempt } from "../step/finish-attempt.ts";
import { joinEnded } from "../step/join-step.ts";
import type { StepWork } from "../step/step-work.ts";
import { isSuspect } from "./handle-step-message.ts";

/**
 * Ends the step of a message that was delivered again and again but never handled: the step fails with the reason, so
 * the dead letter doesn't go unnoticed. A step that a worker holds, or that has moved on, is left alone. So is a
 * suspect step whose message died in shared workers: it continues in a worker of its own.
 */
export async function failDeadLetter(engine: Engine, message: StepMessage): Promise<void> {
  const { runId, step, index, epoch } = message;
  const run = await engine.store.getRun(runId);
  if (run === undefined || !isDue(run, message)) return;
  const found = await nodeOf(engine, run, step);
  if (found === undefined) return;
  const work: StepWork = { run, ...found };
  const record = await engine.store.getStep({ runId, step, index });
  if (record?.epoch === epoch && isSuspect(work, record) && !message.alone) return;
  const now = engine.clock.now();
  const claim = await claimStep(engine, claimRequest(work, message, now, now));
  if (claim.kind === "ended") return joinEnded(engine, work, claim.record);
  if (claim.kind !== "claim" && claim.kind !== "lost") return;
  // The step's work may be done although its message couldn't be handled.
  if (claim.kind === "lost" && (await settleLapsed(engine, work, claim.record, now)) === "committed") return;
  const reason =
    "its message was delivered again and again and could not be worked on: the step worker's log says why; once that is mended, retry the run";
  await endSubmission(engine, run, found.node, claim.record, "The step's message could not be worked on");
  await failAttempt(engine, work, claim.record, fatal("DeadLetter", reason));
}

/** Reads a dead letter. Returns undefined if it isn't a step message: it's logged then, and no run waits for it. */
export function readDeadLetter(engine: Engine, body: string): StepMessage | undefined {
  try {
    return parseStepMessage(body);
  } catch (error) {
    engine.log.error("dead letter is no step message; it is dropped", { body, error });
    return undefined;
  }
}
