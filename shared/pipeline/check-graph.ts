import { type Reference, referencesIn } from "./expression.ts";
import { type DefinitionProblem, expressionsOf, type Graph, type StepNode, upstreamOf } from "./graph.ts";

type Problem = [field: string, problem: string];

/** Finds the steps on a cycle by repeatedly removing the steps whose upstream steps are gone (Kahn, 1962). */
function stepsOnCycles(steps: readonly StepNode[]): StepNode[] {
  let left = [...steps];
  for (;;) {
    const numbers = new Set(left.map((node) => node.number));
    const blocked = left.filter((node) => upstreamOf(node).some((number) => numbers.has(number)));
    if (blocked.length === left.length) return blocked;
    left = blocked;
  }
}

/** The problem with one reference of a step; undefined if the reference is valid. */
function referenceProblem(
  node: StepNode,
  field: string,
  { source, path, optional }: Reference,
  numberOf: ReadonlyMap<string, number>,
): string | undefined {
  if (source === "$item" && (node.over === undefined || field !== "input")) {
    return "an item exists only in the input of a mapped step";
  }
  if (source === "$result" && field !== "repeat.until") return "a result exists only in repeat's condition";
  if (source !== "$step") return undefined;
  const used = path[0] ?? "";
  const number = numberOf.get(used);
  if (number === undefined) return `step "${used}" does not exist in this pipeline`;
  if (optional) {
    return node.after.includes(number) ? undefined : `uses step "${used}" but does not list it in after`;
  }
  if (!node.needs.includes(number)) return `uses step "${used}" but does not list it in needs`;
  return undefined;
}

function referenceProblems(node: StepNode, numberOf: ReadonlyMap<string, number>): Problem[] {
  return expressionsOf(node).flatMap(([field, value]) =>
    referencesIn(value).flatMap((reference): Problem[] => {
      const problem = referenceProblem(node, field, reference, numberOf);
      return problem === undefined ? [] : [[field, problem]];
    }),
  );
}

/** A step that may run although others did not succeed can't rely on their output. */
function ruleProblems({ rule, needs, after }: StepNode): Problem[] {
  if (rule === undefined || rule === "all_succeeded") return [];
  if (needs.length > 0) {
    return [
      ["rule", `is ${rule}, so the steps before may have no result: wrap what is used of them in maybe()`],
    ];
  }
  return after.length === 0
    ? [["rule", `is ${rule}, but no step comes before this one; name some in after`]]
    : [];
}

/** Maximum size of a graph as JSON. A graph is one item of the table, and DynamoDB allows 400 KB with the keys. */
const maxBytes = 380_000;

function sizeProblem(graph: Graph): DefinitionProblem[] {
  const bytes = Buffer.byteLength(JSON.stringify(graph));
  if (bytes <= maxBytes) return [];
  const size = `has ${graph.steps.length} steps, ${bytes} bytes as JSON; at most ${maxBytes}`;
  const remedy = "map over a list in place of many like steps, or have parts of it run as child(pipeline)";
  return [{ problem: `${size}: ${remedy}` }];
}

/**
 * Everything that is wrong with a graph's shape: two steps with the same name, unknown steps, cycles, items used
 * outside a map, numbers out of order, more than can be stored. A graph from outside gets the same checks as one that
 * was just built.
 */
export function checkGraph(graph: Graph): DefinitionProblem[] {
  const problems = sizeProblem(graph);
  const names = new Set<string>();
  const numberOf = new Map(graph.steps.map((node) => [node.name, node.number]));
  for (const [place, node] of graph.steps.entries()) {
    const report = (field: string, problem: string) => problems.push({ step: node.name, field, problem });
    if (!/^[a-z][a-z0-9_]{0,39}$/.test(node.name)) {
      report("name", "a step's name is 1 to 40 lower-case letters, digits and _, and starts with a letter");
    }
    if (names.has(node.name))
      report("name", "another step has this name; names are unique within a pipeline");
    names.add(node.name);
    if (node.number !== place) report("number", `is ${node.number} but stands at place ${place}`);
    for (const number of upstreamOf(node)) {
      if (graph.steps[number] === undefined) report("after", `step number ${number} does not exist`);
    }
    for (const [field, problem] of referenceProblems(node, numberOf)) report(field, problem);
    for (const [field, problem] of ruleProblems(node)) report(field, problem);
  }
  for (const { source, path } of graph.output === undefined ? [] : referencesIn(graph.output)) {
    if (source === "$item" || source === "$result") {
      problems.push({ field: "output", problem: `${source} exists only within a step` });
    }
    if (source === "$step" && !numberOf.has(path[0] ?? "")) {
      problems.push({ field: "output", problem: `step "${path[0]}" does not exist in this pipeline` });
    }
  }
  for (const node of stepsOnCycles(graph.steps)) {
    problems.push({
      step: node.name,
      field: "after",
      problem: "is on a cycle: it waits, through others, for itself",
    });
  }
  return problems;
}
