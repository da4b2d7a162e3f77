import { doneBy } from "../pipeline/task-kinds.ts";
import type { Engine } from "../ports/engine.ts";
import type { FoundRecord, StoredStep } from "../ports/run-store.ts";
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

/**
 * Tries to claim a step. If nothing is stored yet, which is the usual case, this costs one write. Otherwise the write
 * is refused, and the refusal returns the record.
 */
export async function claimStep(engine: Engine, request: ClaimRequest): Promise<ClaimOutcome> {
  let current: FoundRecord | undefined;
  for (;;) {
    const decision = decideClaim(current, request);
    if (decision.kind === "suspended" && current !== undefined) {
      return { kind: "suspended", record: { ...decision.record, version: current.version } };
    }
    if (decision.kind === "lost" && current !== undefined) {
      return { kind: "lost", record: { ...decision.record, version: current.version } };
    }
    if (decision.kind === "suspended" || decision.kind === "lost") {
      throw new TypeError(`a step of which nothing is stored is ${decision.kind}`);
    }
    if (decision.kind !== "claim") return decision;
    const put = await engine.store.putStep(decision.record, current?.version);
    if (put.ok) {
      const resumed =
        current !== undefined && current.epoch === request.epoch && current.state === "SUBMITTED";
      return { kind: "claim", record: { ...decision.record, version: put.record.version }, resumed };
    }
    current = put.current;
  }
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
