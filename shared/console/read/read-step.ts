import { artifactsMadeBy } from "../../batch/made-artifacts.ts";
import { attemptPrefix, inputKey, shardOf, stepPrefix } from "../../objects/layout.ts";
import { referencesIn } from "../../pipeline/expression.ts";
import { type Graph, type StepNode, stepGivenBy, stepNamed } from "../../pipeline/graph.ts";
import type { Artifact } from "../../pipeline/job.ts";
import type { Json } from "../../pipeline/json.ts";
import { MillraceError } from "../../pipeline/millrace-error.ts";
import type { Engine } from "../../ports/engine.ts";
import { RunNotFoundError } from "../../run/run-errors.ts";
import { graphOf } from "../../run/run-graph.ts";
import type { ProgressView } from "../../run/run-progress.ts";
import { readProgress } from "../../run/run-progress.ts";
import { type RunView, type StepView, type ViewState, viewRun } from "../../run/run-view.ts";
import type { Run } from "../../state/run.ts";
import { childrenOf, type FoundStep, hasResult } from "../../state/step-record.ts";
import { inputOf } from "../../step/step-input.ts";
import { loadValue } from "../../step/stored-value.ts";
import type { RequestOf } from "../page-request.ts";
import { type Section, type Sources, section } from "../sources.ts";
import { type LogTail, readLogTail } from "./read-log.ts";
import { type Report, readReports } from "./read-reports.ts";

/** A value that a page may show, and where it is stored; or only why it isn't shown. */
export type ShownValue = { readonly place?: string; readonly value?: Json; readonly reason?: string };

/** A step, or one child of a map, for its page. */
export type StepPageData = {
  readonly run: Run;
  readonly view: RunView;
  readonly node: StepNode;
  readonly step: StepView;
  /** The record; missing before the first attempt. */
  readonly record?: FoundStep;
  readonly state: ViewState;
  /** Whether this is a map as a whole. Its children have pages of their own. */
  readonly isMap: boolean;
  readonly log: Section<LogTail>;
  readonly input: Section<ShownValue>;
  readonly output: Section<ShownValue>;
  readonly made: Section<readonly Artifact[]>;
  readonly reports: Section<readonly Report[]>;
  readonly progress: Section<ProgressView | undefined>;
};

/** Bytes of a result in S3 that a page reads, and children of other maps that an input may need. */
const maxResultBytes = 1_000_000;
const maxUpstream = 100;

/**
 * The step of a run.
 *
 * @throws MillraceError if the run's graph has no such step
 */
export function nodeOf(
  graph: Graph,
  { runId, step }: { readonly runId: string; readonly step: string },
): StepNode {
  const node = stepNamed(graph, step);
  if (node !== undefined) return node;
  const names = graph.steps.map(({ name }) => name);
  throw new MillraceError(
    "STEP_NOT_FOUND",
    `run ${runId} has no step "${step}"; it has ${names.slice(0, 20).join(", ")}`,
  );
}

/** The maps whose every child an expression of a step reads. */
function mapsReadBy(graph: Graph, node: StepNode): string[] {
  const item = stepGivenBy(graph, node.over);
  const expressions = [
    node.input,
    ...(node.over === undefined || item?.over !== undefined ? [] : [node.over]),
  ];
  const names = expressions
    .flatMap((each) => referencesIn(each))
    .filter(({ source }) => source === "$step")
    .map(({ path }) => path[0] ?? "");
  return [...new Set(names)].filter((name) => stepNamed(graph, name)?.over !== undefined);
}

/** Where a job's input is: one file for up to 200 children. A function's input is stored nowhere. */
function inputPlace(
  engine: Engine,
  run: Run,
  node: StepNode,
  record: FoundStep | undefined,
): string | undefined {
  if (node.task.kind !== "batch" || record === undefined || typeof record.index !== "number")
    return undefined;
  // All children of an array job have one file for each 200, of the map's attempt.
  if (node.over !== undefined) return engine.objects.locate(`${stepPrefix(run, node.name)}_inputs/`);
  return engine.objects.locate(inputKey(run, record, shardOf(record.index)));
}

/** What a step was given, computed as a worker computes it. */
async function readInput(
  engine: Engine,
  work: { readonly run: Run; readonly graph: Graph; readonly node: StepNode },
  record: FoundStep | undefined,
  index: number,
): Promise<ShownValue> {
  const { run, graph, node } = work;
  const place = inputPlace(engine, run, node, record);
  const where = place === undefined ? {} : { place };
  if (record === undefined)
    return { ...where, reason: "The step has not begun, so its input may still change." };
  const maps = mapsReadBy(graph, node);
  if (maps.length > 0) {
    const keys = maps.map((step) => ({ runId: run.runId, step, index: "map" as const }));
    const sizes = (await engine.store.getSteps(keys)).map((map) => childrenOf(map) ?? 0);
    const children = sizes.reduce((sum, size) => sum + size, 0);
    if (children > maxUpstream)
      return { ...where, reason: `It has the results of ${children} children of ${maps.join(", ")}.` };
  }
  return { ...where, value: await inputOf(engine, work, index) };
}

async function readOutput({ objects }: Engine, run: Run, record: FoundStep | undefined): Promise<ShownValue> {
  if (record === undefined || !hasResult(record)) return { reason: "There is no result." };
  const { output } = record;
  if ("value" in output) {
    const own = record.state === "CACHED" ? {} : { place: objects.locate(attemptPrefix(run, record)) };
    return { ...own, value: output.value };
  }
  const head = await objects.head(output.uri);
  if (head === undefined)
    return { place: output.uri, reason: "The object is gone: it was removed, or it expired." };
  if (head.bytes > maxResultBytes) return { place: output.uri, reason: "It is too large for a page." };
  return { place: output.uri, value: await loadValue({ objects }, output) };
}

/** A child of a map as if it were a step of its own. */
function childView(
  run: Run,
  graph: Graph,
  node: StepNode,
  record: FoundStep | undefined,
  now: number,
): RunView {
  const { over, ...alone } = node;
  const steps = graph.steps.map((each) => (each.name === node.name ? alone : each));
  return viewRun(run, { ...graph, steps }, record === undefined ? [] : [record], now);
}

/** The state of a child that nothing is stored of: it shares the fate of its map. */
function childState(map: FoundStep | undefined): ViewState {
  if (map === undefined || ["RUNNING", "RETRYING", "SUCCEEDED"].includes(map.state)) return "WAITING";
  return map.state;
}

const nothing = { read: true, value: undefined } as const;

/**
 * A step in three rounds: the run; its graph and the record; and at last what it read, made and wrote. It reads no
 * other record of a map than the one that is asked for.
 *
 * @throws RunNotFoundError, GraphMissingError, and MillraceError if there is no such step or child
 */
export async function readStep(sources: Sources, request: RequestOf<"step">): Promise<StepPageData> {
  const { engine } = sources;
  const { runId, step: name, index, level, text } = request;
  const run = await engine.store.getRun(runId);
  if (run === undefined) throw new RunNotFoundError(runId);
  const [graph, records] = await Promise.all([
    graphOf(engine, run),
    engine.store.getSteps([
      { runId, step: name, index: index ?? 0 },
      { runId, step: name, index: "map" },
    ]),
  ]);
  const node = nodeOf(graph, request);
  const isMapped = node.over !== undefined;
  const isMap = isMapped && index === undefined;
  const map = records.find((each) => each.index === "map");
  const total = map && childrenOf(map);
  if (!isMapped && index !== undefined && index > 0)
    throw new MillraceError("STEP_NOT_FOUND", `step "${name}" is no map, so it has no child ${index}`);
  if (isMapped && index !== undefined && total !== undefined && index >= total)
    throw new MillraceError("STEP_NOT_FOUND", `step "${name}" has ${total} children, and no child ${index}`);
  const record = isMap ? map : records.find((each) => each.index === (index ?? 0));
  const now = engine.clock.now();
  const view =
    isMapped && !isMap
      ? childView(run, graph, node, record, now)
      : viewRun(run, graph, record === undefined ? [] : [record], now);
  const step = view.steps.find((each) => each.number === node.number);
  if (step === undefined) throw new MillraceError("STEP_NOT_FOUND", `run ${runId} has no step "${name}"`);
  const own = record === undefined || isMap ? [] : [record];
  const made = section(
    record !== undefined && hasResult(record) && !isMap
      ? artifactsMadeBy(engine.objects, run, record, node.task.kind === "batch")
      : Promise.resolve([]),
  );
  const [log, input, output, madeThen, reports, progress] = await Promise.all([
    section(
      readLogTail(
        sources,
        run,
        own,
        { level, text },
        node.task.kind === "batch" ? "none" : { step: name, ...(isMapped && { index }) },
      ),
    ),
    isMap
      ? ({ read: true, value: { reason: "Each child has its own." } } as const)
      : section(readInput(engine, { run, graph, node }, record, index ?? 0)),
    isMap
      ? ({ read: true, value: { reason: "Each child has its own." } } as const)
      : section(readOutput(engine, run, record)),
    made,
    made.then((found) => (found.read ? section(readReports(engine.objects, found.value)) : found)),
    record?.state === "RUNNING" && node.task.kind === "batch" && !isMap
      ? section(readProgress(engine.objects, run, own).then((found) => found.get(name)))
      : nothing,
  ]);
  const state = record === undefined && isMapped && !isMap ? childState(map) : step.state;
  return {
    ...{ run, view, node, step, state, isMap, log, input, output, made: madeThen, reports, progress },
    ...(record !== undefined && { record }),
  };
}
