import type { Graph, StepNode } from "../../pipeline/graph.ts";
import type { Json } from "../../pipeline/json.ts";
import type { Engine } from "../../ports/engine.ts";
import type { Tally } from "../../ports/run-store.ts";
import { afterRunStepsOf } from "../../run/after-run-step.ts";
import { fullLimits } from "../../run/full-limits.ts";
import { RunNotFoundError } from "../../run/run-errors.ts";
import { graphOf } from "../../run/run-graph.ts";
import { readProgress } from "../../run/run-progress.ts";
import { type ChildrenView, maxErrors, type RunView, type StepView, viewRun } from "../../run/run-view.ts";
import { isEnded, type Run } from "../../state/run.ts";
import { childrenOf, type FoundStep, type StepKey } from "../../state/step-record.ts";
import { resultOf } from "../../step/run-result.ts";
import { type Section, section } from "../sources.ts";

/** A run for its page. */
export type RunPageData = {
  readonly run: Run;
  readonly graph: Graph;
  readonly view: RunView;
  /** The records that were read: steps, maps, and children of maps that are small or failed first. */
  readonly records: readonly FoundStep[];
  /** Names of maps of which only counts and the first failures were read. */
  readonly counted: ReadonlySet<string>;
};

/** How many children of maps one page reads, all maps together. Larger maps are counted by their tallies. */
export const maxChildrenRead = 100;

/** Keys of everything but children: one record a step, and what followed the run's ends so far. */
function ownKeys(engine: Engine, run: Run, graph: Graph): StepKey[] {
  const { runId, epoch } = run;
  const steps = graph.steps.map(
    ({ name, over }): StepKey => ({ runId, step: name, index: over === undefined ? 0 : "map" }),
  );
  if (!isEnded(run)) return steps;
  const after = afterRunStepsOf(engine, graph, run.state).map(
    (step): StepKey => ({ runId, step, index: epoch }),
  );
  return [...steps, ...after];
}

/** The maps whose children fit into what one page reads, smallest first, and those that don't. */
function splitMaps(records: readonly FoundStep[], nodes: readonly StepNode[]) {
  const mapped = new Set(nodes.filter(({ over }) => over !== undefined).map(({ name }) => name));
  const maps = records
    .filter(({ step, index }) => index === "map" && mapped.has(step))
    .map((record) => ({ record, total: childrenOf(record) ?? 0 }))
    .filter(({ total }) => total > 0)
    .toSorted((a, b) => a.total - b.total);
  const small: typeof maps = [];
  let left = maxChildrenRead;
  for (const map of maps) {
    if (map.total > left) break;
    left -= map.total;
    small.push(map);
  }
  return { small, large: maps.slice(small.length) };
}

/** A large map by its tallies. A tally of an earlier epoch still counts what was done. */
function countsOf(total: number, tallies: readonly Tally[], epoch: number): ChildrenView {
  const done = tallies.reduce((sum, tally) => sum + tally.done.size, 0);
  const failed = tallies.reduce((sum, tally) => sum + (tally.epoch === epoch ? tally.failed.size : 0), 0);
  const rest = Math.max(0, total - done - failed);
  return {
    total,
    counts: {
      ...(done > 0 && { SUCCEEDED: done }),
      ...(failed > 0 && { FAILED: failed }),
      ...(rest > 0 && { WAITING: rest }),
    },
  };
}

/** Indices of the first children that failed. */
function firstFailed(tallies: readonly Tally[], epoch: number): number[] {
  return tallies
    .filter((tally) => tally.epoch === epoch)
    .flatMap(({ failed }) => [...failed])
    .toSorted((a, b) => a - b)
    .slice(0, maxErrors);
}

/** A large map's counts, whatever children were read. Its cost misses those that were not. */
function withCounts(step: StepView, children: ChildrenView | undefined): StepView {
  if (children === undefined) return step;
  return {
    ...step,
    children,
    ...(step.cost !== undefined && { cost: { ...step.cost, atLeast: true } }),
  };
}

/**
 * A run in three rounds: the run; its graph; one batch read of its steps and maps; and at last the children of small
 * maps, and of large ones the tallies and the first failures. It never lists the children of a map.
 *
 * @throws RunNotFoundError, GraphMissingError
 */
export async function readRun(engine: Engine, runId: string): Promise<RunPageData> {
  const { store } = engine;
  const run = await store.getRun(runId);
  if (run === undefined) throw new RunNotFoundError(runId);
  const graph = await graphOf(engine, run);
  const own = await store.getSteps(ownKeys(engine, run, graph));
  const { small, large } = splitMaps(own, graph.steps);
  const keys = small.flatMap(({ record: { step }, total }) =>
    Array.from({ length: total }, (_, index): StepKey => ({ runId, step, index })),
  );
  const [children, tallies] = await Promise.all([
    keys.length === 0 ? [] : store.getSteps(keys),
    Promise.all(large.map(({ record }) => store.listTallies(runId, record.step))),
  ]);
  const failed = large.flatMap(({ record: { step, epoch } }, place) =>
    firstFailed(tallies[place] ?? [], epoch).map((index): StepKey => ({ runId, step, index })),
  );
  const examples = failed.length === 0 ? [] : await store.getSteps(failed);
  const counts = new Map(
    large.map(({ record, total }, place) => [
      record.step,
      countsOf(total, tallies[place] ?? [], record.epoch),
    ]),
  );
  const records = [...own, ...children, ...examples];
  const view = viewRun(run, graph, records, engine.clock.now());
  const steps = view.steps.map((step) => withCounts(step, counts.get(step.name)));
  const cost = counts.size === 0 ? view.cost : { ...view.cost, atLeast: true };
  return { run, graph, records, counted: new Set(counts.keys()), view: { ...view, steps, cost } };
}

/** The run with what it waits for, and with the progress that its jobs report. */
export async function readWaits(
  { store, objects }: Engine,
  { run, records, view }: RunPageData,
): Promise<Section<RunView>> {
  if (run.state === "QUEUED")
    return section(fullLimits(store, run).then((waitsFor) => ({ ...view, waitsFor })));
  const isRunning = view.steps.some(({ kind, state }) => kind === "batch" && state === "RUNNING");
  if (!isRunning) return { read: true, value: view };
  return section(
    readProgress(objects, run, records).then((progress) => ({
      ...view,
      steps: view.steps.map((step) => {
        const reported = progress.get(step.name);
        return reported === undefined ? step : { ...step, progress: reported };
      }),
    })),
  );
}

/** The run's result; undefined if it has none, or if it would need the children of a map that is too large. */
export async function readResult(
  { store, objects }: Engine,
  { run, graph, counted }: RunPageData,
): Promise<Section<Json | undefined>> {
  if (run.state !== "SUCCEEDED" || graph.output === undefined || counted.size > 0)
    return { read: true, value: undefined };
  return section(resultOf({ store, objects }, run, graph));
}
