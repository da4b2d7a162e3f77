import { curveOf, layoutGraph, type PlacedBox, sheet } from "../../shared/console/graph-layout.ts";
import { expressionText } from "../../shared/pipeline/expression-text.ts";
import type { Graph, StepNode } from "../../shared/pipeline/graph.ts";
import { taskText } from "../../shared/pipeline/task-kinds.ts";
import type { Colour } from "../../shared/wording/state-looks.ts";

/** How a step stands in a run. */
export type SvgStepStatus = { readonly text: string; readonly colour: Colour };

// Pixels. All letters of a monospaced font have the same width, so a text's width is known without drawing it.
const letterWidth = 7.3;
const lineHeight = 17;
const padding = 12;
const maxLine = 44;

/** Border and fill of a step, for light and dark backgrounds. */
const palette: Readonly<Record<Colour, { line: string; light: string; dark: string }>> = {
  green: { line: "#2e8540", light: "#e7f4e9", dark: "#16331c" },
  red: { line: "#c9372c", light: "#fdeceb", dark: "#43191a" },
  cyan: { line: "#1d7aad", light: "#e6f2f9", dark: "#0f3044" },
  yellow: { line: "#b07d00", light: "#fdf4dc", dark: "#3d2f08" },
  magenta: { line: "#8f3fae", light: "#f5eaf9", dark: "#371a43" },
  gray: { line: "#7a828c", light: "#f5f6f7", dark: "#24282d" },
};

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
// XML doesn't allow control characters.
const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (character) => escapes[character] ?? "").replace(/\p{Cc}/gu, " ");

const cut = (text: string) => (text.length > maxLine ? `${text.slice(0, maxLine - 1)}…` : text);

function linesOf(node: StepNode, status: SvgStepStatus | undefined): string[] {
  const { name, over, when, repeat } = node;
  return [
    name,
    taskText(node),
    ...(repeat === undefined ? [] : [`until ${expressionText(repeat.until)}`]),
    ...(over === undefined ? [] : [`× ${expressionText(over)}`]),
    ...(when === undefined ? [] : [`only when ${expressionText(when)}`]),
    ...(status === undefined ? [] : [status.text]),
  ].map(cut);
}

function sizeOf(lines: readonly string[]) {
  const maxLength = Math.max(...lines.map((line) => line.length));
  return {
    width: Math.ceil(maxLength * letterWidth) + 2 * padding,
    height: lines.length * lineHeight + padding,
  };
}

function drawBox(
  { node, x, y, width, height }: PlacedBox,
  lines: readonly string[],
  status: SvgStepStatus | undefined,
): string {
  const left = x - width / 2;
  const top = y - height / 2;
  const shape = (offset: number) =>
    `<rect x="${left + offset}" y="${top + offset}" width="${width}" height="${height}" rx="${node.task.kind === "batch" ? 2 : 10}"/>`;
  const texts = lines.map(
    (line, place) =>
      `<text x="${left + padding}" y="${top + padding + 5 + place * lineHeight}"${place === 0 ? ' class="name"' : ""}>${escaped(line)}</text>`,
  );
  const sheets = node.over === undefined ? [] : [shape(sheet)];
  return [
    `<g class="step ${status?.colour ?? "gray"}">`,
    `<title>${escaped([node.name, status?.text].filter((part) => part !== undefined).join(": "))}</title>`,
    ...[...sheets, shape(0), ...texts],
    "</g>",
  ].join("");
}

function styleSheet(): string {
  const colours = Object.entries(palette);
  const filled = (shade: "light" | "dark") =>
    colours.map(([name, colour]) => `.${name} rect{fill:${colour[shade]};stroke:${colour.line}}`).join("");
  return [
    "text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1f2328}.name{font-weight:bold}",
    ".edge{fill:none;stroke:#7a828c;stroke-width:1.3}.after{stroke-dasharray:2 4}",
    `rect{stroke-width:1.3}${filled("light")}`,
    `@media(prefers-color-scheme:dark){text{fill:#e6e9ec}${filled("dark")}}`,
  ].join("");
}

/**
 * A pipeline's graph as a self-contained SVG, in layers from top to bottom. A solid line is data that a step uses; a
 * dotted line leads from a step that only has to end first. A mapped step has a second sheet behind it.
 *
 * @param statuses the statuses of a run's steps, by number
 */
export function graphSvg(graph: Graph, statuses: ReadonlyMap<number, SvgStepStatus> = new Map()): string {
  const lines = new Map(graph.steps.map((node) => [node.number, linesOf(node, statuses.get(node.number))]));
  const linesFor = ({ number }: StepNode) => lines.get(number) ?? [];
  const placed = layoutGraph(graph, (node) => sizeOf(linesFor(node)));
  const { left, top, width, height } = placed.frame;
  const edges = placed.edges.map(
    ({ points, dotted }) =>
      `<path class="edge${dotted ? " after" : ""}" d="${curveOf(points)}" marker-end="url(#arrow)"/>`,
  );
  const boxes = placed.boxes.map((box) => drawBox(box, linesFor(box.node), statuses.get(box.node.number)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${left} ${top} ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(graph.pipeline)}</title>`,
    `<style>${styleSheet()}</style>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0L8,4L0,8z" fill="#7a828c"/></marker></defs>',
    ...edges,
    ...boxes,
    "</svg>",
    "",
  ].join("\n");
}
