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
  /** A run of another pipeline. The input is its parameters. */
  z.strictObject({ kind: z.literal("child"), pipeline: z.string() }),
  /** Waits until a time. The input is `{ seconds }` or `{ until }`. */
  z.strictObject({ kind: z.literal("wait") }),
  /** Waits for an object in S3. The input is `{ object }`, a key of the data bucket. */
  z.strictObject({ kind: z.literal("object") }),
  /** Waits for a person's yes or no. The input is `{ message }`. */
  z.strictObject({ kind: z.literal("approval"), byDefault: z.enum(["approve", "reject"]).optional() }),
]);
export type TaskKind = z.infer<typeof task>["kind"];

/** How the upstream steps must end so that a step runs. All rules wait until every upstream step has ended. */
export const triggerRule = z.enum(["all_succeeded", "all_done", "any_failed", "any_succeeded"]);
export type TriggerRule = z.infer<typeof triggerRule>;

/** How a step is repeated: until a condition on its result (`$result`) holds, at most `limit` times. */
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
  /** The author's version of the code, in addition to what the engine detects itself. */
  version: z.string(),
  /** Seconds; unlimited if omitted. */
  expires: z.number().positive().optional(),
};

/** How long a result may replace another execution of the step, if code version and input are the same. */
export const cachePolicy = z.strictObject(cacheFields, { error: unknownKeys(cacheFields) });

/** The ends of a run that a hook can follow. */
export const hookState = z.enum(["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"]);
export type HookState = z.infer<typeof hookState>;

/** Name that a hook's function and its record have; no step can have a name like this. */
export const hookName = (state: HookState) => `@${state.toLowerCase()}`;

/** Name of the record of a notice about an end. */
export const noticeName = (state: HookState, notice: string) => `${hookName(state)}/${notice}`;

/** Name of the record of starting a pipeline that follows a success. */
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
  /** Unique among the pipeline's notices. */
  name: z.string().regex(/^[a-z0-9-]+$/),
  on: z.array(hookState).min(1),
  /** All stages if omitted. */
  stages: z.array(z.string().min(1)).min(1).optional(),
  to: noticeTarget,
});
/** Who is notified about which ends of a pipeline's runs. */
export type NoticeNode = z.infer<typeof noticeNode>;

const stepNode = z.strictObject({
  /** Place in topological order, from 0. A run's progress refers to steps by this number. */
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
  /** Numbers of the steps that must end first, but whose data isn't used. */
  after: z.array(z.int().nonnegative()),
  /** `all_succeeded` if omitted. */
  rule: triggerRule.optional(),
  retries: retryPolicy,
  repeat: repeatPolicy.optional(),
  cache: cachePolicy.optional(),
  /** Size of the worker that a function runs in; the ordinary one if omitted. */
  size: stepSize.optional(),
  tags: stepTags.optional(),
  /** Seconds that one attempt may take. */
  timeout: z.number().positive(),
});
export type StepNode = z.infer<typeof stepNode>;

/** A pipeline's graph as data. Runs are planned from it, and it is stored with them by hash. */
export const graphSchema = z.strictObject({
  version: z.literal(1),
  pipeline: z.string(),
  steps: z.array(stepNode),
  /** The result for the step that started the run as a child. */
  output: expression.optional(),
  /** Seconds that a run may take from when it has its slots. */
  timeout: z.number().positive().optional(),
  hooks: z.array(hookState).optional(),
  notices: z.array(noticeNode).optional(),
});
export type Graph = z.infer<typeof graphSchema>;

/** Hash of a graph, 16 hex digits of SHA-256. Two graphs with the same hash plan the same. */
export function graphHash(graph: Graph): string {
  // JSON doesn't distinguish absent and undefined fields, so the hash doesn't either.
  const plain = JSON.parse(JSON.stringify(graph)) as Json;
  return createHash("sha256").update(canonicalJson(plain)).digest("hex").slice(0, 16);
}

/** One mistake in a definition. */
export type DefinitionProblem = { step?: string; field?: string; problem: string };

/** The step with the given number. Graphs are checked when made, so a missing step is a defect of the caller. */
export function stepOf(graph: Graph, number: number): StepNode {
  const node = graph.steps[number];
  if (node === undefined) throw new RangeError(`${graph.pipeline} has no step number ${number}`);
  return node;
}

/** The step with the given name, or undefined. */
export function stepNamed(graph: Graph, name: string): StepNode | undefined {
  return graph.steps.find((node) => node.name === name);
}

/** The step whose whole result is the value of an expression; undefined for any other expression. */
export function stepGivenBy(graph: Graph, expression: Expression = null): StepNode | undefined {
  const path = isJsonObject(expression) ? expression.$step : undefined;
  const [name, ...fields] = Array.isArray(path) ? path : [];
  return typeof name === "string" && fields.length === 0 ? stepNamed(graph, name) : undefined;
}

/** A cache: planning asks for this for every step each time a step ends, and nodes never change. */
const upstreamKnown = new WeakMap<StepNode, readonly number[]>();

/** The steps that must end before a step starts. */
export function upstreamOf(node: StepNode): readonly number[] {
  const known = upstreamKnown.get(node);
  if (known !== undefined) return known;
  const upstream = [...new Set([...node.needs, ...node.after])];
  upstreamKnown.set(node, upstream);
  return upstream;
}

/** Every expression of a step, with the field that contains it. */
export function expressionsOf(node: StepNode): [field: string, expression: Expression][] {
  const fields: [string, Expression | undefined][] = [
    ["input", node.input],
    ["over", node.over],
    ["when", node.when],
    ["repeat.until", node.repeat?.until],
  ];
  return fields.flatMap(([field, value]) => (value === undefined ? [] : [[field, value]]));
}

/** Names of the steps whose output a step requires, and of those whose output may be missing. */
export function stepsUsedBy(node: StepNode): { needed: string[]; optional: string[] } {
  const used = expressionsOf(node)
    .flatMap(([, value]) => referencesIn(value))
    .filter(({ source }) => source === "$step");
  const names = (optional: boolean) => [
    ...new Set(used.filter((each) => (each.optional ?? false) === optional).map(({ path }) => path[0] ?? "")),
  ];
  return { needed: names(false), optional: names(true) };
}
