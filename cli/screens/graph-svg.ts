import { Graph as Layout, layout, type NodeConfig, type Point } from "@dagrejs/dagre";
import { expressionText } from "../../shared/pipeline/expression-text.ts";
import { type Graph, type StepNode, upstreamOf } from "../../shared/pipeline/graph.ts";
import { taskText } from "../../shared/pipeline/task-kinds.ts";
import type { Colour } from "../../shared/wording/state-looks.ts";

/** How a step stands in a run. */
export type SvgStepStatus = { readonly text: string; readonly colour: Colour };

type Box = { node: StepNode; lines: string[]; x: number; y: number; width: number; height: number };

// Pixels. All letters of a monospaced font have the same width, so a text's width is known without drawing it.
const letterWidth = 7.3;
const lineHeight = 17;
const padding = 12;
const margin = 16;
/** How far the second sheet of a mapped step sticks out. */
const sheet = 4;
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

function boxOf(node: StepNode, status: SvgStepStatus | undefined): NodeConfig & { lines: string[] } {
  const lines = linesOf(node, status);
  const maxLength = Math.max(...lines.map((line) => line.length));
  return {
    lines,
    width: Math.ceil(maxLength * letterWidth) + 2 * padding,
    height: lines.length * lineHeight + padding,
  };
}

/** The area that a picture covers. The layout only counts boxes; an edge can reach further out. */
function frameOf(boxes: readonly ReturnType<Layout["node"]>[], edges: readonly (readonly Point[])[]) {
  const corners = boxes.flatMap(({ x = 0, y = 0, width = 0, height = 0 }) => [
    { x: x - width / 2, y: y - height / 2 },
    { x: x + width / 2 + sheet, y: y + height / 2 + sheet },
  ]);
  const all = [...corners, ...edges.flat()];
  const left = Math.floor(Math.min(...all.map(({ x }) => x)) - margin);
  const top = Math.floor(Math.min(...all.map(({ y }) => y)) - margin);
  const width = Math.ceil(Math.max(...all.map(({ x }) => x)) + margin) - left;
  const height = Math.ceil(Math.max(...all.map(({ y }) => y)) + margin) - top;
  return { left, top, width, height };
}

/** A curve through the layout's points, with rounded bends. */
function pathOf(points: readonly Point[]): string {
  const [first, ...others] = points;
  if (first === undefined) return "";
  const at = ({ x, y }: Point) => `${x.toFixed(1)},${y.toFixed(1)}`;
  const bends = others.slice(0, -1).map((point, place) => {
    const next = others[place + 1] ?? point;
    const isLast = place === others.length - 2;
    const half = { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    return `Q${at(point)} ${at(isLast ? next : half)}`;
  });
  const straight = others.length === 1 ? others.map((point) => `L${at(point)}`) : [];
  return [`M${at(first)}`, ...bends, ...straight].join(" ");
}

function drawBox({ node, lines, x, y, width, height }: Box, status: SvgStepStatus | undefined): string {
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
  const drawing = new Layout();
  drawing.setGraph({ rankdir: "TB", nodesep: 28, ranksep: 44, marginx: margin, marginy: margin });
  drawing.setDefaultEdgeLabel(() => ({}));
  for (const node of graph.steps)
    drawing.setNode(String(node.number), boxOf(node, statuses.get(node.number)));
  for (const node of graph.steps) {
    for (const from of upstreamOf(node)) drawing.setEdge(String(from), String(node.number));
  }
  layout(drawing);
  const { left, top, width, height } = frameOf(
    drawing.nodes().map((name) => drawing.node(name)),
    drawing.edges().map((edge) => drawing.edge(edge).points ?? []),
  );
  const edges = graph.steps.flatMap((node) =>
    upstreamOf(node).map((from) => {
      const { points = [] } = drawing.edge(String(from), String(node.number));
      const dotted = node.needs.includes(from) ? "" : " after";
      return `<path class="edge${dotted}" d="${pathOf(points)}" marker-end="url(#arrow)"/>`;
    }),
  );
  const boxes = graph.steps.map((node) => {
    const { x = 0, y = 0, width = 0, height = 0, lines } = drawing.node(String(node.number));
    return drawBox({ node, lines, x, y, width, height }, statuses.get(node.number));
  });
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
