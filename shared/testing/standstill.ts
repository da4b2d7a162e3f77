import type { MemoryRunStore } from "../adapters/memory/memory-run-store.ts";
import { errorOf } from "../pipeline/millrace-error.ts";
import { timeOf, waitsFor } from "../state/holders.ts";
import { type ActiveRun, isActive, type Run } from "../state/run.ts";
import { type FoundStep, hasEnded, isHeld, isNewer, stepLabel } from "../state/step-record.ts";

/** A run within the process would wait forever; the message says what it waits for. */
export class StandstillError extends errorOf("STANDSTILL") {}

const iso = (time: number) => new Date(time).toISOString();

/** A step as people write it: its name, with its index if it is a child of a map. */
function stepName({ step, index }: FoundStep): string {
  return stepLabel(step, index === 0 ? undefined : index);
}

/** What a step waits for, or undefined if it has ended. */
function stepWaits(record: FoundStep): string | undefined {
  if (hasEnded(record) || isNewer(record)) return undefined;
  if (record.state === "RETRYING") return `its next attempt at ${iso(record.retryAt)}`;
  if (isHeld(record)) return `its worker, until ${iso(record.leaseUntil)}`;
  return waitsFor(record);
}

/** A run and the runs that work for its steps, except those that have ended. */
export async function activeTree(store: MemoryRunStore, runId: string): Promise<ActiveRun[]> {
  const run = await store.getRun(runId);
  if (run === undefined || !isActive(run)) return [];
  const records = await store.listSteps(runId);
  const children = records.filter((record) => "holder" in record && record.holder === "run");
  const below = children.map(({ child }) => (child === undefined ? [] : activeTree(store, child.runId)));
  return [run, ...(await Promise.all(below)).flat()];
}

/** What a run waits for, one line per step, including the steps of the runs that work for it. */
export async function standstillText(store: MemoryRunStore, runId: string): Promise<string> {
  const lines: string[] = [];
  for (const run of await activeTree(store, runId)) {
    lines.push(`run ${run.runId} of ${run.pipeline} is ${run.state}${slotsOf(run)}`);
    for (const record of await store.listSteps(run.runId)) {
      const waits = stepWaits(record);
      if (waits !== undefined) lines.push(`  step ${stepName(record)} (${record.state}) waits for ${waits}`);
    }
  }
  return lines.join("\n");
}

function slotsOf({ state, limits }: Run): string {
  return state === "QUEUED" ? ` and waits for slots of ${limits.map(({ name }) => name).join(", ")}` : "";
}

/** The times at which something is due for the runs that haven't ended, in epoch milliseconds. */
export async function dueTimes(
  store: MemoryRunStore,
  timeoutOf: (run: Run) => number | undefined,
): Promise<number[]> {
  const { runs } = await store.listRuns({}, Number.POSITIVE_INFINITY);
  const times: number[] = [];
  for (const { runId } of runs) {
    const run = await store.getRun(runId);
    if (run === undefined || !isActive(run)) continue;
    const timeout = timeoutOf(run);
    times.push(Date.parse(run.scheduledAt));
    if (timeout !== undefined) times.push(Date.parse(run.activeSince ?? run.startedAt) + timeout * 1000);
    for (const record of await store.listSteps(runId)) {
      const at = timeOf(record);
      if (at !== undefined) times.push(at);
    }
  }
  return times;
}
