import { expressionText } from "./expression-text.ts";
import type { Graph, StepNode } from "./graph.ts";
import { rulesOf, taskText } from "./task-kinds.ts";

/** Maximum length of a list or condition in a label; longer ones are cut. */
const maxText = 48;

/**
 * Text for a quoted Mermaid label. Each character that some version of Mermaid doesn't read as plain text becomes a
 * numbered entity: quotes, HTML, the entities' own `#`, markdown's backtick, comments' `%`, and the `:` that makes a
 * line look like a style.
 */
function escaped(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.replace(/["#<>&`%:;\\{}[\]|]/g, (character) => `#${character.codePointAt(0)};`);
}

function cut(text: string): string {
  return text.length > maxText ? `${text.slice(0, maxText - 1)}…` : text;
}

function labelOf(node: StepNode, note: string | undefined): string {
  const { over, when, repeat, rule } = node;
  const lines = [
    node.name,
    taskText(node),
    ...(repeat === undefined ? [] : [cut(`until ${expressionText(repeat.until)}`)]),
    ...(over === undefined ? [] : [cut(`× ${expressionText(over)}`)]),
    ...(rule === undefined ? [] : [rule.replace("_", " ")]),
    ...(when === undefined ? [] : [cut(`when ${expressionText(when)}`)]),
    ...(note === undefined ? [] : [note]),
  ];
  return lines.map(escaped).join("<br/>");
}

/**
 * Functions are round, Batch jobs have corners, runs of other pipelines are framed, waits and approvals are hexagons,
 * and mapped steps of every kind have double sides.
 */
function shapeOf(node: StepNode, note: string | undefined): string {
  const label = `"${labelOf(node, note)}"`;
  if (node.over !== undefined) return `[[${label}]]`;
  return rulesOf(node.task.kind).shape(label);
}

/** Steps that look alike in a picture: the name of their class, its CSS style, and the numbers of the steps. */
export type MermaidClass = {
  readonly name: string;
  readonly style: string;
  readonly steps: readonly number[];
};

/**
 * A pipeline's graph as a Mermaid flowchart. A solid arrow is data that a step uses; a dotted arrow is a step that only
 * has to end first. GitHub, GitLab and most editors draw it.
 *
 * @param notes an extra line for a step, such as its state in a run
 */
export function mermaidOf(
  graph: Graph,
  classes: readonly MermaidClass[] = [],
  notes: ReadonlyMap<number, string> = new Map(),
): string {
  const nodes = graph.steps.map((node) => `  s${node.number}${shapeOf(node, notes.get(node.number))}`);
  const edges = graph.steps.flatMap((node) => [
    ...node.needs.map((from) => `  s${from} --> s${node.number}`),
    ...node.after
      .filter((from) => !node.needs.includes(from))
      .map((from) => `  s${from} -.-> s${node.number}`),
  ]);
  const looks = classes.flatMap(({ name, style, steps }) => [
    `  classDef ${name} ${style}`,
    `  class ${steps.map((step) => `s${step}`).join(",")} ${name}`,
  ]);
  return `${["flowchart TD", ...nodes, ...edges, ...looks].join("\n")}\n`;
}
