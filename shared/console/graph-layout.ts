import { Graph as Layout, layout, type Point } from "@dagrejs/dagre";
import { type Graph, type StepNode, upstreamOf } from "../pipeline/graph.ts";

/** Pixels. */
export type BoxSize = { readonly width: number; readonly height: number };
export type PlacedBox = BoxSize & { readonly node: StepNode; readonly x: number; readonly y: number };
/** A dotted edge leads from a step that only has to end first. */
export type PlacedEdge = {
  readonly from: number;
  readonly to: number;
  readonly dotted: boolean;
  readonly points: readonly Point[];
};
export type GraphLayout = {
  readonly boxes: readonly PlacedBox[];
  readonly edges: readonly PlacedEdge[];
  readonly frame: BoxSize & { readonly left: number; readonly top: number };
};

const margin = 16;
/** How far the second sheet of a mapped step sticks out. */
export const sheet = 4;

/** The area that a picture covers. The layout only counts boxes; an edge can reach further out. */
function frameOf(boxes: readonly PlacedBox[], edges: readonly PlacedEdge[]): GraphLayout["frame"] {
  const corners = boxes.flatMap(({ x, y, width, height }) => [
    { x: x - width / 2, y: y - height / 2 },
    { x: x + width / 2 + sheet, y: y + height / 2 + sheet },
  ]);
  const all = [...corners, ...edges.flatMap(({ points }) => points)];
  const left = Math.floor(Math.min(...all.map(({ x }) => x)) - margin);
  const top = Math.floor(Math.min(...all.map(({ y }) => y)) - margin);
  const width = Math.ceil(Math.max(...all.map(({ x }) => x)) + margin) - left;
  const height = Math.ceil(Math.max(...all.map(({ y }) => y)) + margin) - top;
  return { left, top, width, height };
}

/**
 * Places a graph's steps in layers from top to bottom.
 *
 * @param chosen the steps to draw, by number; edges between others are left out
 */
export function layoutGraph(
  graph: Graph,
  sizeOf: (node: StepNode) => BoxSize,
  chosen: ReadonlySet<number> = new Set(graph.steps.map(({ number }) => number)),
): GraphLayout {
  const drawing = new Layout();
  // The default ranker takes three times as long for the same picture.
  drawing.setGraph({
    rankdir: "TB",
    nodesep: 28,
    ranksep: 44,
    marginx: margin,
    marginy: margin,
    ranker: "tight-tree",
  });
  drawing.setDefaultEdgeLabel(() => ({}));
  const nodes = graph.steps.filter(({ number }) => chosen.has(number));
  for (const node of nodes) drawing.setNode(String(node.number), { ...sizeOf(node) });
  const pairs = nodes.flatMap((node) =>
    upstreamOf(node)
      .filter((from) => chosen.has(from))
      .map((from) => ({ from, to: node.number, dotted: !node.needs.includes(from) })),
  );
  for (const { from, to } of pairs) drawing.setEdge(String(from), String(to));
  layout(drawing);
  const boxes = nodes.map((node) => {
    const { x = 0, y = 0, width = 0, height = 0 } = drawing.node(String(node.number));
    return { node, x, y, width, height };
  });
  const edges = pairs.map((pair) => ({
    ...pair,
    points: drawing.edge(String(pair.from), String(pair.to)).points ?? [],
  }));
  return { boxes, edges, frame: frameOf(boxes, edges) };
}

/** A curve through the layout's points, with rounded bends. */
export function curveOf(points: readonly Point[]): string {
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

/** A triangle at the end of an edge, as a path: widgets don't keep markers. */
export function arrowOf(points: readonly Point[]): string {
  const end = points.at(-1);
  const before = points.at(-2);
  if (end === undefined || before === undefined) return "";
  const length = Math.hypot(end.x - before.x, end.y - before.y) || 1;
  const along = { x: (end.x - before.x) / length, y: (end.y - before.y) / length };
  const corner = (side: 1 | -1) =>
    `${(end.x - along.x * 8 + side * along.y * 4).toFixed(1)},${(end.y - along.y * 8 - side * along.x * 4).toFixed(1)}`;
  return `M${end.x.toFixed(1)},${end.y.toFixed(1)}L${corner(1)}L${corner(-1)}z`;
}
