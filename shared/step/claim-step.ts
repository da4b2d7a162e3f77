import { doneBy } from "../pipeline/task-kinds.ts";
import type { Engine } from "../ports/engine.ts";
import type { FoundRecord, StoredStep, Version } from "../ports/run-store.ts";
import type { StepMessage } from "../ports/step-queue.ts";
import { type ClaimDecision, type ClaimRequest, decideClaim } from "../state/decide-claim.ts";
import type { HeldStep, StepRecord } from "../state/step-record.ts";
import type { StepWork } from "./step-work.ts";

/** A claim that was won. `resumed`: it continues a submission that another worker had begun. */
export type Claim = { kind: "claim"; record: HeldStep & StoredStep; resumed: boolean };

type Suspended = Extract<ClaimDecision, { kind: "suspended" }>;
type Lost = Extract<ClaimDecision, { kind: "lost" }>;

/** The outcome of a claim. */
export type ClaimOutcome =
  | Claim
  | Exclude<ClaimDecision, { kind: "claim" | "suspended" | "lost" }>
  | { kind: "suspended"; record: Suspended["record"] & StoredStep }
  | { kind: "lost"; record: Lost["record"] & StoredStep };

/** The request to claim the step of a hint. @param leaseUntil end of the lease, like `now` in epoch milliseconds */
export function claimRequest(
  { node }: StepWork,
  { runId, step, index, epoch }: StepMessage,
  now: number,
  leaseUntil: number,
): ClaimRequest {
  const state = doneBy(node.task) === "job" ? "SUBMITTED" : "RUNNING";
  return { key: { runId, step, index }, epoch, state, now, leaseUntil };
}

/** A decision with the version of the record that it was made on. */
function outcomeOf(
  decision: ClaimDecision,
  current: FoundRecord | undefined,
): Exclude<ClaimOutcome, Claim> | Extract<ClaimDecision, { kind: "claim" }> {
  if (decision.kind !== "suspended" && decision.kind !== "lost") return decision;
  if (current === undefined) throw new TypeError(`a step of which nothing is stored is ${decision.kind}`);
  const { version } = current;
  if (decision.kind === "lost") return { kind: "lost", record: { ...decision.record, version } };
  return { kind: "suspended", record: { ...decision.record, version } };
}

/** The claim that a write made. @param before what was stored before that write */
function claimOf(
  version: Version,
  record: HeldStep,
  { epoch }: ClaimRequest,
  before: FoundRecord | undefined,
): Claim {
  const resumed = before?.epoch === epoch && before.state === "SUBMITTED";
  return { kind: "claim", record: { ...record, version }, resumed };
}

/**
 * Tries to claim a step. If nothing is stored yet, which is the usual case, this costs one write. Otherwise the write
 * is refused, and the refusal returns the record.
 */
export async function claimStep(engine: Engine, request: ClaimRequest): Promise<ClaimOutcome> {
  let current: FoundRecord | undefined;
  for (;;) {
    const outcome = outcomeOf(decideClaim(current, request), current);
    if (outcome.kind !== "claim") return outcome;
    const put = await engine.store.putStep(outcome.record, current?.version);
    if (put.ok) return claimOf(put.record.version, outcome.record, request, current);
    current = put.current;
  }
}

/**
 * Tries to claim a step, but only if it hasn't changed since it was read.
 *
 * @param current what was read
 * @returns undefined if the step has changed since
 */
export async function claimAsRead(
  engine: Engine,
  request: ClaimRequest,
  current: FoundRecord | undefined,
): Promise<ClaimOutcome | undefined> {
  const outcome = outcomeOf(decideClaim(current, request), current);
  if (outcome.kind !== "claim") return outcome;
  const put = await engine.store.putStep(outcome.record, current?.version);
  if (!put.ok) return undefined;
  return claimOf(put.record.version, outcome.record, request, current);
}

/** Replaces a held record. Undefined if it's no longer held, because another worker or a cancel came first. */
export async function replaceStep(
  engine: Engine,
  next: StepRecord,
  held: StoredStep,
): Promise<StoredStep | undefined> {
  const put = await engine.store.putStep(next, held.version);
  if (put.ok) return put.record;
  const { runId, step, index, attempt } = held;
  engine.log.info("attempt was taken over", { runId, step, index, attempt, state: put.current?.state });
  return undefined;
}
