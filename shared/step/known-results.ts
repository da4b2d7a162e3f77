import { freezeJson } from "../pipeline/json.ts";
import type { RunStore } from "../ports/run-store.ts";
import { knownStep } from "../state/read-step.ts";
import { hasResult, type SucceededStep } from "../state/step-record.ts";

/** Number of results that a worker remembers per store. Each is at most 4 KB, or a location in S3. */
const remembered = 500;

const results = new WeakMap<RunStore, Map<string, SucceededStep>>();

const keyOf = (runId: string, step: string) => `${runId} ${step}`;

function resultsOf(store: RunStore): Map<string, SucceededStep> {
  const known = results.get(store) ?? new Map<string, SucceededStep>();
  results.set(store, known);
  return known;
}

/**
 * Remembers a committed result of a step that isn't mapped. The result never changes, not even in later epochs. So the
 * next step in the same worker doesn't read it again, nor does any child of a map after the first.
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
 * Results of steps that aren't mapped, without the steps that have none. Remembered results are reused, and one read
 * gets the others.
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
