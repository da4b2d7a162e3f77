import { styleText } from "node:util";
import { expressionText } from "../../shared/pipeline/expression-text.ts";
import { type Graph, type StepNode, upstreamOf } from "../../shared/pipeline/graph.ts";
import { taskText } from "../../shared/pipeline/task-kinds.ts";

/** What one cell of a picture's row shows. */
type Cell = "node" | "through" | "join" | "end" | undefined;

/** A step, the lane it's in, and which step's line runs in each lane above and below it. */
type Row = { node: StepNode; lanes: (number | undefined)[]; at: number; after: (number | undefined)[] };

/** For each step, the last step that its lane has to reach. */
function lastUses(graph: Graph): Map<number, number> {
  return new Map(
    graph.steps.flatMap((node) => upstreamOf(node).map((from): [number, number] => [from, node.number])),
  );
}

/**
 * Gives every step a lane that runs down to the last step that waits for it. If the rightmost lane that a step waits
 * for ends at this step, the step takes that lane over, so that a chain stays one straight line. Otherwise it opens a
 * lane on the right.
 */
function layOut(graph: Graph): Row[] {
  const last = lastUses(graph);
  const lanes: (number | undefined)[] = [];
  return graph.steps.map((node) => {
    const upstream = upstreamOf(node);
    const before = [...lanes];
    const used = before.flatMap((step, lane) =>
      step !== undefined && upstream.includes(step) ? [lane] : [],
    );
    const rightmost = used.at(-1) ?? -1;
    const source = rightmost < 0 ? undefined : before[rightmost];
    let at = source !== undefined && last.get(source) === node.number ? rightmost : rightmost + 1;
    if (at !== rightmost) while (before[at] !== undefined) at += 1;
    for (const lane of used) if (last.get(before[lane] ?? -1) === node.number) lanes[lane] = undefined;
    lanes[at] = last.has(node.number) ? node.number : undefined;
    return { node, lanes: before, at, after: [...lanes] };
  });
}

/** Whether a step only runs after another one and doesn't use its data. */
function isAfterOnly(node: StepNode, from: number | undefined): boolean {
  return from !== undefined && node.after.includes(from) && !node.needs.includes(from);
}

const corners: Record<"join" | "end", { first: string; later: string }> = {
  join: { first: "├", later: "┼" },
  end: { first: "╰", later: "┴" },
};

/** The row's picture: `├─┴─●`. If a line crosses another without joining it, the other stays whole: `─│─`. */
function drawRow({ node, lanes, at }: Row, last: ReadonlyMap<number, number>): string {
  const upstream = upstreamOf(node);
  const cellAt = (lane: number): Cell => {
    if (lane === at) return "node";
    const step = lanes[lane];
    if (step === undefined) return undefined;
    if (lane > at || !upstream.includes(step)) return "through";
    return last.get(step) === node.number ? "end" : "join";
  };
  let text = "";
  let line = " ";
  for (let lane = 0; lane < Math.max(lanes.length, at + 1); lane += 1) {
    const cell = cellAt(lane);
    if (cell === "node") {
      text += "●";
      line = " ";
    } else if (cell === "join" || cell === "end") {
      text += line === " " ? corners[cell].first : corners[cell].later;
      // As soon as one line that carries data joins, the whole line does.
      if (line !== "─") line = isAfterOnly(node, lanes[lane]) ? "┄" : "─";
    } else text += cell === "through" ? "│" : line;
    text += line;
  }
  return text;
}

/** The lanes between two rows. The last stretch before a step is dotted if the step uses no data from the lane. */
function drawBetween({ node, lanes, at }: Row): string {
  return lanes
    .map((step, lane) => {
      if (step === undefined) return "  ";
      return lane === at && isAfterOnly(node, step) ? "┆ " : "│ ";
    })
    .join("");
}

function kindText(node: StepNode): string {
  const { repeat } = node;
  return `${taskText(node)}${repeat === undefined ? "" : `, up to ${repeat.limit} passes`}`;
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
}

/** How a step stands in a run: a coloured symbol, and words. */
export type StepStatus = { readonly symbol: string; readonly text: string };

/** What the lines alone don't say: a condition, and steps that only have to end first. */
function notesOf(graph: Graph, node: StepNode): string[] {
  const after = node.after.filter((from) => isAfterOnly(node, from)).map((from) => graph.steps[from]?.name);
  return [
    ...(node.when === undefined ? [] : [`only when ${expressionText(node.when)}`]),
    ...(after.length === 0 ? [] : [`after ${after.join(", ")}`]),
  ];
}

/**
 * A pipeline's graph for the terminal: one line per step, in an order in which they can run. The lines that reach a
 * step from the left show what it waits for. They're solid for data, and dotted for steps that only have to end first.
 * The picture fits into `width`, unless lanes and names alone need more.
 *
 * @param statuses the statuses of a run's steps, by number; shown instead of the steps' kinds
 */
export function graphPicture(
  graph: Graph,
  width: number,
  statuses: ReadonlyMap<number, StepStatus> = new Map(),
): string {
  const last = lastUses(graph);
  const rows = layOut(graph);
  const laneWidth = Math.max(...rows.map((row) => drawRow(row, last).trimEnd().length)) + 2;
  const nameWidth = Math.max(...graph.steps.map(({ name }) => name.length)) + 2;
  const wordsOf = (node: StepNode) => statuses.get(node.number)?.text ?? kindText(node);
  const kindWidth = Math.max(...graph.steps.map((node) => wordsOf(node).length)) + 2;
  const left = laneWidth + nameWidth;
  const right = Math.max(20, width - left);
  const lines = rows.flatMap((row) => {
    const { node } = row;
    const over = node.over === undefined ? "" : `× ${expressionText(node.over)}`;
    const detail = cut(`${wordsOf(node).padEnd(kindWidth)}${over}`.trimEnd(), right);
    const drawn = drawRow(row, last).trimEnd().padEnd(laneWidth);
    const picture = drawn.replace("●", statuses.get(node.number)?.symbol ?? "●");
    const step = `${picture}${styleText("bold", node.name)}${" ".repeat(nameWidth - node.name.length)}${detail}`;
    const below = row.after.map((from) => (from === undefined ? "  " : "│ ")).join("");
    const notes = notesOf(graph, node).map((note) => `${below.padEnd(left)}${cut(note, right)}`);
    const between = drawBetween(row).trimEnd();
    return [...(between === "" ? [] : [between]), step, ...notes];
  });
  return lines.join("\n");
}
