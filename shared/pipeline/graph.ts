import { createHash } from "node:crypto";
import * as z from "zod";
import { type Expression, referencesIn } from "./expression.ts";
import { resources } from "./job.ts";
import { canonicalJson, isJsonObject, type Json } from "./json.ts";
import { unknownKeys } from "./known-options.ts";
import { retryPolicy } from "./retry-policy.ts";
import { stepTags } from "./tag.ts";

const expression: z.ZodType<Expression> = z.json() as z.ZodType<Json>;

const task = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("lambda") }),
  z.strictObject({ kind: z.literal("batch"), job: z.string(), resources }),
  /** A run of another pipeline; the input is its parameters. */
  z.strictObject({ kind: z.literal("child"), pipeline: z.string() }),
  /** Until a time: the input is `{ seconds }` or `{ until }`. */
  z.strictObject({ kind: z.literal("wait") }),
  /** For an object in S3: the input is `{ object }`, a key of the data bucket. */
  z.strictObject({ kind: z.literal("object") }),
  /** For a person's yes or no: the input is `{ message }`. */
  z.strictObject({ kind: z.literal("approval"), byDefault: z.enum(["approve", "reject"]).optional() }),
]);
export type TaskKind = z.infer<typeof task>["kind"];

/** Which ends of its upstream steps let a step run. All rules wait until every one of them has ended. */
export const triggerRule = z.enum(["all_succeeded", "all_done", "any_failed", "any_succeeded"]);
export type TriggerRule = z.infer<typeof triggerRule>;

/** How a step is done over and over: until a condition on its result (`$result`) holds, at most `limit` times. */
export const repeatPolicy = z.strictObject({
  until: expression,
  limit: z.int().min(1).max(10_000),
  /** Seconds between two passes. */
  delay: z.number().nonnegative(),
});

/** A worker with more memory than the ordinary one, for functions that need it. */
export const stepSize = z.literal("large");
export type StepSize = z.infer<typeof stepSize>;

const cacheFields = {
  /** What the author says the code's version is, besides what the engine finds out itself. */
  version: z.string(),
  /** Seconds; for ever when left out. */
  expires: z.number().positive().optional(),
};

/** For how long a result may stand in for running the step again, where code version and input are the same. */
export const cachePolicy = z.strictObject(cacheFields, { error: unknownKeys(cacheFields) });

/** The ends of a run that a hook can follow. */
export const hookState = z.enum(["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"]);
export type HookState = z.infer<typeof hookState>;

/** Name under which a hook's function and its record are kept; no step's name can be like it. */
export const hookName = (state: HookState) => `@${state.toLowerCase()}`;

/** Name under which the record of a notice of an end is kept. */
export const noticeName = (state: HookState, notice: string) => `${hookName(state)}/${notice}`;

/** Name under which the record of the start is kept of a pipeline that follows a success. */
export const startName = (pipeline: string) => `${hookName("SUCCEEDED")}:${pipeline}`;

/** A secret of the stage, by the last part of its parameter's name. */
const secret = z
  .string()
  .regex(
    /^[A-Za-z0-9_.-]{1,100}$/,
    "is 1 to 100 letters, digits, _, . and -: the parameter's name within its stage",
  );

/** Where a notice goes. A secret is only named; its value is read when the notice is sent. */
const noticeTarget = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("slack"),
    at: z.strictObject({ secret }, { error: unknownKeys({ secret }) }),
  }),
  z.strictObject({ kind: z.literal("email") }),
  z.strictObject({
    kind: z.literal("webhook"),
    at: z.union([z.strictObject({ secret }), z.strictObject({ url: z.string() })]),
  }),
]);
export type NoticeTarget = z.infer<typeof noticeTarget>;

export const noticeNode = z.strictObject({
  /** Tells it from the pipeline's other notices. */
  name: z.string().regex(/^[a-z0-9-]+$/),
  on: z.array(hookState).min(1),
  /** All stages when left out. */
  stages: z.array(z.string().min(1)).min(1).optional(),
  to: noticeTarget,
});
/** Whom a pipeline tells of which ends of its runs. */
export type NoticeNode = z.infer<typeof noticeNode>;

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
  /** `all_succeeded` when left out. */
  rule: triggerRule.optional(),
  retries: retryPolicy,
  repeat: repeatPolicy.optional(),
  cache: cachePolicy.optional(),
  /** Of the worker that a function runs in: the ordinary one when left out. */
  size: stepSize.optional(),
  tags: stepTags.optional(),
  /** Seconds that one attempt may take. */
  timeout: z.number().positive(),
});
export type StepNode = z.infer<typeof stepNode>;

/** A pipeline's graph as data: what a run is planned by, stored with it by hash. */
export const graphSchema = z.strictObject({
  version: z.literal(1),
  pipeline: z.string(),
  steps: z.array(stepNode),
  /** What the run gives to whoever started it as a step. */
  output: expression.optional(),
  /** Seconds that a run may take, from when it has its slots. */
  timeout: z.number().positive().optional(),
  hooks: z.array(hookState).optional(),
  notices: z.array(noticeNode).optional(),
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

/** The step whose whole result an expression is; undefined for any other expression. */
export function stepGivenBy(graph: Graph, expression: Expression = null): StepNode | undefined {
  const path = isJsonObject(expression) ? expression.$step : undefined;
  const [name, ...fields] = Array.isArray(path) ? path : [];
  return typeof name === "string" && fields.length === 0 ? stepNamed(graph, name) : undefined;
}

/** Planning asks for this at every step's end, of every step; nodes never change. */
const upstreamKnown = new WeakMap<StepNode, readonly number[]>();

/** The steps that must end before a step starts. */
export function upstreamOf(node: StepNode): readonly number[] {
  const known = upstreamKnown.get(node);
  if (known !== undefined) return known;
  const upstream = [...new Set([...node.needs, ...node.after])];
  upstreamKnown.set(node, upstream);
  return upstream;
}

/** Every expression of a step, by the field that it is in. */
export function expressionsOf(node: StepNode): [field: string, expression: Expression][] {
  const fields: [string, Expression | undefined][] = [
    ["input", node.input],
    ["over", node.over],
    ["when", node.when],
    ["repeat.until", node.repeat?.until],
  ];
  return fields.flatMap(([field, value]) => (value === undefined ? [] : [[field, value]]));
}

/** Names of the steps whose output a step cannot do without, and of those that may have none. */
export function stepsUsedBy(node: StepNode): { needed: string[]; optional: string[] } {
  const used = expressionsOf(node)
    .flatMap(([, value]) => referencesIn(value))
    .filter(({ source }) => source === "$step");
  const names = (optional: boolean) => [
    ...new Set(used.filter((each) => (each.optional ?? false) === optional).map(({ path }) => path[0] ?? "")),
  ];
  return { needed: names(false), optional: names(true) };
}
