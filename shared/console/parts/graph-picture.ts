import { type Graph, type StepNode, upstreamOf } from "../../pipeline/graph.ts";
import { taskText } from "../../pipeline/task-kinds.ts";
import type { StepView } from "../../run/run-view.ts";
import { type Colour, childrenText, stateLook } from "../../wording/state-looks.ts";
import { durationText } from "../../wording/units.ts";
import { arrowOf, curveOf, type GraphLayout, layoutGraph, type PlacedBox, sheet } from "../graph-layout.ts";
import { type Content, type Html, html } from "../html.ts";
import { table } from "./table.ts";

/** Max. number of steps in a picture. Of a larger graph, it shows the steps that failed or run, and their neighbours. */
const maxDrawn = 150;
/** How many levels of neighbours are shown around a step that failed or runs. */
const surroundings = 2;

// Pixels; all letters have the same width.
const letterWidth = 7.3;
const lineHeight = 17;
const padding = 12;
const maxLine = 40;
/** Characters that the line with a step's state may have, so that a layout doesn't depend on the run. */
const stateLine = { step: 24, map: 30 } as const;

const cut = (text: string) => (text.length > maxLine ? `${text.slice(0, maxLine - 1)}…` : text);

function sizeOf(node: StepNode) {
  const lines = [node.name, taskText(node)].map(cut);
  const longest = Math.max(
    node.over === undefined ? stateLine.step : stateLine.map,
    ...lines.map(({ length }) => length),
  );
  return { width: Math.ceil(longest * letterWidth) + 2 * padding, height: 3 * lineHeight + padding };
}

/** Layouts by graph, because all runs of a pipeline have the same. A worker keeps only a few. */
const layouts = new Map<string, GraphLayout>();
const maxLayouts = 20;

function layoutOf(graph: Graph, chosen: ReadonlySet<number>, key: string): GraphLayout {
  const known = layouts.get(key);
  if (known !== undefined) return known;
  const made = layoutGraph(graph, sizeOf, chosen);
  const [oldest] = layouts.keys();
  if (layouts.size >= maxLayouts && oldest !== undefined) layouts.delete(oldest);
  layouts.set(key, made);
  return made;
}

/** Numbers of the steps to draw. */
function chosenSteps(graph: Graph, views: readonly StepView[]): Set<number> {
  if (graph.steps.length <= maxDrawn) return new Set(graph.steps.map(({ number }) => number));
  const matters = ({ state }: StepView) =>
    state === "FAILED" || state === "TIMED_OUT" || state === "RUNNING" || state === "RETRYING";
  const centre = views.filter(matters).map(({ number }) => number);
  let chosen = new Set(centre.length > 0 ? centre : graph.steps.slice(0, 1).map(({ number }) => number));
  for (let level = 0; level < surroundings; level += 1) {
    const next = new Set(chosen);
    for (const node of graph.steps) {
      const upstream = upstreamOf(node);
      if (chosen.has(node.number)) for (const from of upstream) next.add(from);
      if (upstream.some((from) => chosen.has(from))) next.add(node.number);
    }
    chosen = next;
  }
  return new Set([...chosen].slice(0, maxDrawn));
}

const boxClasses: Readonly<Record<Colour, string>> = {
  green: "mr-green",
  red: "mr-red",
  cyan: "mr-cyan",
  yellow: "mr-yellow",
  magenta: "mr-magenta",
  gray: "mr-gray",
};

/** A step's state, and how long it took; a map's state, and how many of its children are done. */
function stateText({ state, children, milliseconds }: StepView): string {
  const { symbol, word } = stateLook(state);
  if (children !== undefined) return `${symbol} ${word}, ${childrenText(children).split(",")[0]}`;
  return `${symbol} ${word}${milliseconds === undefined ? "" : `, ${durationText(milliseconds)}`}`;
}

function drawBox({ node, x, y, width, height }: PlacedBox, step: StepView | undefined): Html {
  const left = x - width / 2;
  const top = y - height / 2;
  const colour = boxClasses[step === undefined ? "gray" : stateLook(step.state).colour];
  const shape = (offset: number) =>
    html`<rect class="${colour}" x="${left + offset}" y="${top + offset}" width="${width}" height="${height}" rx="${node.task.kind === "batch" ? 2 : 10}"></rect>`;
  const lines = [node.name, taskText(node), step === undefined ? "" : stateText(step)].map(cut);
  const texts = lines.map(
    (line, place) =>
      html`<text class="${place === 0 ? "mr-name" : "mr-line"}" x="${left + padding}" y="${top + padding + 6 + place * lineHeight}">${line}</text>`,
  );
  return html`<g>${node.over !== undefined && shape(sheet)}${shape(0)}${texts}</g>`;
}

/** What the picture says in a sentence. */
function findingOf({ pipeline }: Graph, drawn: number, views: readonly StepView[] | undefined): string {
  const graph = `Graph of ${pipeline} with ${drawn} steps`;
  if (views === undefined) return graph;
  const failed = views
    .filter(({ state }) => state === "FAILED" || state === "TIMED_OUT")
    .map(({ name }) => name);
  return `${graph}; ${failed.length === 0 ? "none failed" : `failed: ${failed.slice(0, 5).join(", ")}`}`;
}

/** The same as the picture, as a table. */
function stepTable(
  graph: Graph,
  chosen: ReadonlySet<number>,
  steps: ReadonlyMap<number, StepView> | undefined,
) {
  const names = new Map(graph.steps.map(({ number, name }) => [number, name]));
  const rows = graph.steps
    .filter(({ number }) => chosen.has(number))
    .map((node) => [
      node.name,
      taskText(node),
      ...(steps === undefined ? [] : [stateLook(steps.get(node.number)?.state ?? "WAITING").word]),
      upstreamOf(node)
        .map((from) => names.get(from) ?? "")
        .join(", "),
    ]);
  const columns = ["Step", "Kind", ...(steps === undefined ? [] : ["State"]), "Follows"];
  return table("Steps and what they follow", columns, rows);
}

/**
 * A graph as a picture, and who follows whom as a table.
 *
 * @param views the steps of a run; without them, the graph of a pipeline
 */
export function graphPicture(graph: Graph, hash: string, views?: readonly StepView[]): Content {
  const chosen = chosenSteps(graph, views ?? []);
  const isAll = chosen.size === graph.steps.length;
  const key = isAll ? hash : `${hash} ${[...chosen].join(" ")}`;
  const { boxes, edges, frame } = layoutOf(graph, chosen, key);
  const steps = views && new Map(views.map((step) => [step.number, step]));
  const finding = findingOf(graph, boxes.length, views);
  const viewBox = `${frame.left} ${frame.top} ${frame.width} ${frame.height}`;
  const part =
    views === undefined
      ? "the first step with two levels around it"
      : "those that failed or run, with two levels around them";
  return [
    !isAll && html`<p>${chosen.size} of ${graph.steps.length} steps: ${part}.</p>`,
    html`<div class="mr-scroll" tabindex="0" role="region" aria-label="Picture of the graph"><svg class="mr-graph" viewBox="${viewBox}" width="${frame.width}" height="${frame.height}" role="img" aria-label="${finding}"><title>${finding}</title>${edges.map(
      ({ points, dotted }) =>
        html`<path class="${dotted ? "mr-edge mr-after" : "mr-edge"}" d="${curveOf(points)}"></path><path class="mr-arrow" d="${arrowOf(points)}"></path>`,
    )}${boxes.map((box) => drawBox(box, steps?.get(box.node.number)))}</svg></div>`,
    html`<details><summary>The same as a table</summary>${stepTable(graph, chosen, steps)}</details>`,
  ];
}
