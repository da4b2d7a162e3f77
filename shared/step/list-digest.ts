import { createHash } from "node:crypto";
import { referencesIn } from "../pipeline/expression.ts";
import type { StepNode } from "../pipeline/graph.ts";
import { canonicalJson, type Json } from "../pipeline/json.ts";
import type { Engine } from "../ports/engine.ts";
import { outlinePages } from "../run/listed-steps.ts";
import { type Failure, fatal } from "../state/failure.ts";
import { hasResult, type StepRecord } from "../state/step-record.ts";

/**
 * Whether a map may get a different list when its run is retried. That's only possible if the list uses a value that
 * may be absent. All other sources of the list have their results before the map begins, and keep them.
 */
export function mayChange({ over }: StepNode): boolean {
  return over !== undefined && referencesIn(over).some(({ optional }) => optional);
}

/** Digest of a map's list: 16 hex digits of SHA-256. */
export function listDigest(items: readonly Json[]): string {
  return createHash("sha256")
    .update(canonicalJson([...items]))
    .digest("hex")
    .slice(0, 16);
}

/**
 * Why a map can't continue when its list has changed before a retry: results stay at their indices, but other items are
 * there now. Undefined if none of its children has a result.
 */
export async function changedList(engine: Engine, { runId, step }: StepRecord): Promise<Failure | undefined> {
  let kept = 0;
  for await (const page of outlinePages(engine.store, runId, step)) {
    kept += page.filter((record) => record.index !== "map" && hasResult(record)).length;
  }
  if (kept === 0) return undefined;
  const message = `maps over another list than before the retry, and ${kept} of its children have results for the earlier list`;
  return fatal("LIST_CHANGED", message, `Start a new run: \`npx millrace rerun ${runId}\`.`);
}
