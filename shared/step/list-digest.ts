import { createHash } from "node:crypto";
import { referencesIn } from "../pipeline/expression.ts";
import type { StepNode } from "../pipeline/graph.ts";
import { canonicalJson, type Json } from "../pipeline/json.ts";
import type { Engine } from "../ports/engine.ts";
import { type Failure, fatal } from "../state/failure.ts";
import { hasResult, type StepRecord } from "../state/step-record.ts";

/**
 * Whether a map may be over another list once its run is retried: one that takes what may be absent. All else that a list
 * is made of has its result, and keeps it, before the map begins.
 */
export function mayChange({ over }: StepNode): boolean {
  return over !== undefined && referencesIn(over).some(({ optional }) => optional);
}

/** Digest of a map's list. 16 hex digits of SHA-256. */
export function listDigest(items: readonly Json[]): string {
  return createHash("sha256")
    .update(canonicalJson([...items]))
    .digest("hex")
    .slice(0, 16);
}

/**
 * Why a map that is over another list than before a retry cannot go on: results stay at their places, where other items are
 * now. Undefined when none of its children has one.
 */
export async function changedList(engine: Engine, { runId, step }: StepRecord): Promise<Failure | undefined> {
  const children = (await engine.store.listSteps(runId, step)).filter(({ index }) => index !== "map");
  const kept = children.filter((child) => hasResult(child)).length;
  if (kept === 0) return undefined;
  const message = `maps over another list than before the retry, and ${kept} of its children have results for that one; do the run anew: npx millrace rerun ${runId}`;
  return fatal("ListChanged", message);
}
