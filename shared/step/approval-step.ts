import * as z from "zod";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { engineError, fatal } from "../state/failure.ts";
import { awaitingApproval, ended, succeeded } from "../state/step-changes.ts";
import type { Answer, ApprovalStep, HeldStep } from "../state/step-record.ts";
import { replaceStep } from "./claim-step.ts";
import { commitEnd, failAttempt, hintLater } from "./finish-attempt.ts";
import { parsedInput } from "./read-or-fail.ts";
import type { StepWork } from "./step-work.ts";

/** The answer to give now: a person's, or the default if nobody answered. */
export type Reply = Omit<Answer, "at">;

/** Who is recorded as the answerer if the deadline passed. */
const nobody = "default";

const approvalInput = z.strictObject({ message: z.string().max(1000) });

/** Starts an approval: the step waits for a person's yes or no. */
export async function requestApproval(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
): Promise<void> {
  const expected = "the message of an approval is a text of up to 1,000 characters";
  const input = await parsedInput(engine, work, held, approvalInput, expected);
  if (input === undefined) return;
  const { message } = input.value;
  const wait = work.node.timeout * 1000;
  const next = awaitingApproval(held, message, engine.clock.now() + wait);
  const put = await replaceStep(engine, next, held);
  if (put === undefined) return;
  const { runId, step } = held;
  engine.log.info("approval requested", { runId, step, index: input.index, message });
  if (wait <= engine.settings.sweepSeconds * 1000) await hintLater(engine, work, put, wait);
}

/**
 * Ends an approval with an answer. A yes is its result and a no is its failure, each with who answered and when.
 *
 * @returns false if it no longer waits, because another answer or a cancel came first
 */
export async function answerApproval(
  engine: Engine,
  work: StepWork,
  record: ApprovalStep & StoredStep,
  { approved, ...attribution }: Reply,
): Promise<boolean> {
  const now = engine.clock.now();
  const { runId, step, index } = record;
  engine.log.info("approval answered", { runId, step, index, approved, by: attribution.by });
  const value = { ...attribution, at: new Date(now).toISOString() };
  const answered = { ...record, answer: { approved, ...value } };
  if (approved) return commitEnd(engine, work, record, succeeded(answered, { value }, now));
  const message = `${attribution.by} said no at ${value.at}${attribution.comment === undefined ? "" : `: ${attribution.comment}`}`;
  return commitEnd(engine, work, record, ended(answered, "FAILED", now, engineError("REJECTED", message)));
}

/**
 * Lists approvals that older code has begun. Nothing else about them changes. The sweep does this once for each, within
 * minutes of a deployment.
 */
export async function listApprovals(
  engine: Engine,
  records: readonly (ApprovalStep & StoredStep)[],
): Promise<void> {
  for (const { version, ...record } of records)
    await engine.store.putStep({ ...record, listed: true }, version);
}

/** Ends an approval whose deadline has passed, with its default. */
export async function lookAtApproval(
  engine: Engine,
  work: StepWork,
  record: ApprovalStep & StoredStep,
): Promise<void> {
  if (record.deadlineAt > engine.clock.now()) return;
  const { task } = work.node;
  const byDefault = task.kind === "approval" ? task.byDefault : undefined;
  if (byDefault !== undefined) {
    const approved = byDefault === "approve";
    await answerApproval(engine, work, record, { approved, by: nobody, comment: "nobody answered in time" });
    return;
  }
  const message = `nobody answered within ${Math.round(work.node.timeout)} s`;
  await failAttempt(engine, work, record, { ...fatal("NO_ANSWER", message), timedOut: true });
}
