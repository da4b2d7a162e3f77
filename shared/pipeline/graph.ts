import { createHash } from "node:crypto";
import * as z from "zod";
import { type Expression, referencesIn } from "./expression.ts";
import { resources } from "./job.ts";
import { canonicalJson, type Json } from "./json.ts";
import { retryPolicy } from "./retry-policy.ts";

const expression: z.ZodType<Expression> = z.json() as z.ZodType<Json>;

const task = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("lambda") }),
  z.strictObject({ kind: z.literal("batch"), job: z.string(), resources }),
]);

const stepNode = z.strictObject({
  /** Place in topological order, from 0; what the run's progress counts in. */
  number: z.int().nonnegative(),
  name: z.string(),
  task,
  input: expression,
  /** The list that a mapped step runs over. */
  over: expression.optional(),
  /** Whether the step runs at all. */
  when: expression.optional(),
  /** Numbers of the steps whose output this one uses. */
  needs: z.array(z.int().nonnegative()),
  /** Numbers of the steps that must end first, without data. */
  after: z.array(z.int().nonnegative()),
  retries: retryPolicy,
  /** Seconds that one attempt may take. */
  timeout: z.number().positive(),
});
export type StepNode = z.infer<typeof stepNode>;

/** A pipeline's graph as data: what a run is planned by, stored with it by hash. */
export const graphSchema = z.strictObject({
  version: z.literal(1),
  pipeline: z.string(),
  steps: z.array(stepNode),
});
export type Graph = z.infer<typeof graphSchema>;

/** Hash of a graph: two graphs with the same hash plan the same. 16 hex digits of SHA-256. */
export function graphHash(graph: Graph): string {
  // Absent and undefined fields are one thing to JSON, and so they are to the hash.
  const plain = JSON.parse(JSON.stringify(graph)) as Json;
  return createHash("sha256").update(canonicalJson(plain)).digest("hex").slice(0, 16);
}

/** One mistake in a definition. */
export type DefinitionProblem = { step?: string; field?: string; problem: string };

/** The step of a number. Graphs are checked when made, so a missing one is a defect of the caller. */
export function stepOf(graph: Graph, number: number): StepNode {
  const node = graph.steps[number];
  if (node === undefined) throw new RangeError(`${graph.pipeline} has no step number ${number}`);
  return node;
}

/** The step of a name, or undefined. */
export function stepNamed(graph: Graph, name: string): StepNode | undefined {
  return graph.steps.find((node) => node.name === name);
}

/** The steps that must end before a step starts. */
export function upstreamOf(node: StepNode): number[] {
  return [...new Set([...node.needs, ...node.after])];
}

/** Every expression of a step, by the field that it is in. */
function expressionsOf(node: StepNode): [field: string, expression: Expression][] {
  const fields: [string, Expression | undefined][] = [
    ["input", node.input],
    ["over", node.over],
    ["when", node.when],
  ];
  return fields.flatMap(([field, value]) => (value === undefined ? [] : [[field, value]]));
}

/** Names of the steps whose output a step uses. */
export function stepsUsedBy(node: StepNode): string[] {
  const used = expressionsOf(node).flatMap(([, value]) => referencesIn(value));
  return [...new Set(used.filter(({ source }) => source === "$step").map(({ path }) => path[0] ?? ""))];
}

/** Steps on a cycle, by repeatedly taking away those whose upstream steps are gone (Kahn, 1962). */
function stepsOnCycles(steps: readonly StepNode[]): StepNode[] {
  let left = [...steps];
  for (;;) {
    const numbers = new Set(left.map((node) => node.number));
    const blocked = left.filter((node) => upstreamOf(node).some((number) => numbers.has(number)));
    if (blocked.length === left.length) return blocked;
    left = blocked;
  }
}

/**
 * Everything that is wrong with a graph's shape: two steps of one name, unknown steps, cycles, items used outside of
 * a map, numbers out of order. A graph that comes from outside is checked by this as one that was just built.
 */
export function checkGraph(graph: Graph): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
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
    for (const [field, value] of expressionsOf(node)) {
      for (const { source, path } of referencesIn(value)) {
        const used = path[0] ?? "";
        if (source === "$item" && (node.over === undefined || field !== "input")) {
          report(field, "an item exists only in the input of a mapped step");
        }
        if (source !== "$step") continue;
        const number = numberOf.get(used);
        if (number === undefined) report(field, `step "${used}" does not exist in this pipeline`);
        else if (!node.needs.includes(number))
          report(field, `uses step "${used}" but does not list it in needs`);
      }
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
