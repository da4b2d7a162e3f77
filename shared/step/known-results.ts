import { freezeJson } from "../pipeline/json.ts";
import type { RunStore } from "../ports/run-store.ts";
import { knownStep } from "../state/read-step.ts";
import { hasResult, type SucceededStep } from "../state/step-record.ts";

/** Results that a worker remembers of a store. Each is at most 4 KB, or says where in S3 it is. */
const remembered = 500;

const results = new WeakMap<RunStore, Map<string, SucceededStep>>();

const keyOf = (runId: string, step: string) => `${runId} ${step}`;

function resultsOf(store: RunStore): Map<string, SucceededStep> {
  const known = results.get(store) ?? new Map<string, SucceededStep>();
  results.set(store, known);
  return known;
}

/**
 * Remembers the result of a step that is not mapped, once it is committed. It stays what it is, whatever epochs follow,
 * so that the step which follows in the same worker, and every child of a map but the first, need not read it again.
 */
export function rememberResult(store: RunStore, record: SucceededStep): void {
  const known = resultsOf(store);
  const { output } = record;
  if ("value" in output) freezeJson(output.value);
  known.set(keyOf(record.runId, record.step), record);
  const [oldest] = known.keys();
  if (known.size > remembered && oldest !== undefined) known.delete(oldest);
}

/**
 * Results of steps that are not mapped, of those that have one: remembered ones, and the others by one read.
 *
 * @throws NewerRecordError
 */
export async function resultsNamed(
  store: RunStore,
  runId: string,
  steps: readonly string[],
): Promise<SucceededStep[]> {
  const known = resultsOf(store);
  const found = new Map<string, SucceededStep>();
  for (const step of steps) {
    const record = known.get(keyOf(runId, step));
    if (record !== undefined) found.set(step, record);
  }
  const others = steps.filter((step) => !found.has(step));
  if (others.length > 0) {
    const records = await store.getSteps(others.map((step) => ({ runId, step, index: 0 })));
    for (const record of records.map(knownStep)) {
      if (!hasResult(record)) continue;
      rememberResult(store, record);
      found.set(record.step, record);
    }
  }
  return [...found.values()];
}
