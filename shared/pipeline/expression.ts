import { isJsonObject, type Json } from "./json.ts";
import { errorOf } from "./millrace-error.ts";

/**
 * A value that is known only while a run is under way, as JSON. Literals stand for themselves; an object with one key
 * that starts with `$` is computed.
 *
 * | form | value |
 * |---|---|
 * | `{ "$step": ["train", "model"] }` | a step's output, or a field of it |
 * | `{ "$params": ["alphas"] }` | a parameter of the run |
 * | `{ "$run": ["scheduledAt"] }` | a fact about the run |
 * | `{ "$item": ["model"] }` | the list item of the current child of a mapped step |
 * | `{ "$result": ["done"] }` | the result of the pass that a repeated step has just made |
 * | `{ "$maybe": x }` | x, or null if a step that x uses has no result |
 * | `{ "$text": [a, b] }` | texts, numbers and booleans joined to one text |
 * | `{ "$flatten": x }` | one list of the items of the lists in x; items that aren't lists stay |
 * | `{ "$eq": [a, b] }`, `$ne`, `$lt`, `$lte`, `$gt`, `$gte` | a comparison |
 * | `{ "$and": [a, b] }`, `$or`, `{ "$not": [a] }` | logic |
 *
 * Keys that start with `$` are therefore reserved: the definition API rejects them in inputs.
 */
export type Expression = Json;

const comparisons = ["$eq", "$ne", "$lt", "$lte", "$gt", "$gte"] as const;
const connectives = ["$and", "$or", "$not"] as const;
const sources = ["$step", "$params", "$run", "$item", "$result"] as const;
export type Comparison = (typeof comparisons)[number];
export type Connective = (typeof connectives)[number];
export type Source = (typeof sources)[number];

const isOneOf = <T extends string>(list: readonly T[], value: string): value is T =>
  (list as readonly string[]).includes(value);

/** The values that an expression may read while it is evaluated. */
export type Scope = {
  /** The output of a step; for a mapped step, the list of its children's outputs. Undefined if it has none. */
  step(name: string): Json | undefined;
  params: Json;
  run: Json;
  /** The item of a mapped step; undefined outside one. */
  item?: Json;
  /** The result that a repeated step has just returned; undefined outside its condition. */
  result?: Json;
};

/** An expression met a value that it can't use, such as a field of a number. */
export class ExpressionError extends errorOf("EXPRESSION") {}

/** The computed form of an expression, or undefined for a literal. */
function computed(expression: Expression): { operator: string; operand: Json } | undefined {
  if (!isJsonObject(expression)) return undefined;
  const [only, ...others] = Object.entries(expression);
  if (only === undefined || others.length > 0 || !only[0].startsWith("$")) return undefined;
  return { operator: only[0], operand: only[1] ?? null };
}

/** A reference's path: step names or field names. */
function pathOf(operand: Json): readonly string[] {
  if (Array.isArray(operand) && operand.every((part) => typeof part === "string")) return operand;
  throw new ExpressionError(`a reference holds ${JSON.stringify(operand)}; it takes a list of names`);
}

function operands(operand: Json): readonly Json[] {
  if (Array.isArray(operand)) return operand;
  throw new ExpressionError(`an operator holds ${JSON.stringify(operand)}; it takes a list`);
}

/**
 * Follows a path of field names into a value.
 *
 * @throws ExpressionError if a part of the path doesn't exist
 */
export function readPath(value: Json, path: readonly string[], what: string): Json {
  let at = value;
  for (const [depth, part] of path.entries()) {
    const field = isJsonObject(at) && Object.hasOwn(at, part) ? at[part] : undefined;
    if (field === undefined) {
      throw new ExpressionError(`${[what, ...path.slice(0, depth)].join(".")} has no field "${part}"`);
    }
    at = field;
  }
  return at;
}

function compare(operator: Comparison, left: Json, right: Json): boolean {
  if (operator === "$eq") return JSON.stringify(left) === JSON.stringify(right);
  if (operator === "$ne") return JSON.stringify(left) !== JSON.stringify(right);
  const ordered =
    (typeof left === "number" && typeof right === "number") ||
    (typeof left === "string" && typeof right === "string");
  if (!ordered) {
    throw new ExpressionError(
      `cannot order ${JSON.stringify(left)} and ${JSON.stringify(right)}: compare two numbers or two texts`,
    );
  }
  if (operator === "$lt") return left < right;
  if (operator === "$lte") return left <= right;
  return operator === "$gt" ? left > right : left >= right;
}

function truth(value: Json): boolean {
  if (typeof value === "boolean") return value;
  throw new ExpressionError(`a condition gave ${JSON.stringify(value)}; it must be true or false`);
}

function connect(operator: Connective, parts: readonly Json[], scope: Scope): boolean {
  if (operator === "$and") return parts.every((part) => truth(evaluate(part, scope)));
  if (operator === "$or") return parts.some((part) => truth(evaluate(part, scope)));
  return !truth(evaluate(parts[0] ?? null, scope));
}

function readSource(source: Source, path: readonly string[], scope: Scope): Json {
  if (source === "$params") return readPath(scope.params, path, "params");
  if (source === "$run") return readPath(scope.run, path, "run");
  if (source === "$item") {
    if (scope.item === undefined) throw new ExpressionError("an item is used outside of a mapped step");
    return readPath(scope.item, path, "item");
  }
  if (source === "$result") {
    if (scope.result === undefined)
      throw new ExpressionError("a result is used outside of repeat's condition");
    return readPath(scope.result, path, "result");
  }
  const [step, ...fields] = path;
  if (step === undefined) throw new ExpressionError("a reference names no step");
  const output = scope.step(step);
  if (output === undefined) throw new ExpressionError(`step "${step}" has no result`);
  return readPath(output, fields, step);
}

/** Whether every step that an expression requires has a result. */
function hasResults(expression: Expression, scope: Scope): boolean {
  return referencesIn(expression).every(
    ({ source, path: [step], optional }) =>
      optional || source !== "$step" || step === undefined || scope.step(step) !== undefined,
  );
}

function textOf(part: Json): string {
  if (typeof part === "string") return part;
  if (typeof part === "number" || typeof part === "boolean") return String(part);
  throw new ExpressionError(`cannot put ${JSON.stringify(part).slice(0, 80)} into a text`);
}

/**
 * The value of an expression.
 *
 * @throws ExpressionError if a field is missing or operands don't fit
 */
export function evaluate(expression: Expression, scope: Scope): Json {
  const form = computed(expression);
  if (form === undefined) {
    if (Array.isArray(expression)) return expression.map((part) => evaluate(part, scope));
    if (!isJsonObject(expression)) return expression;
    return Object.fromEntries(
      Object.entries(expression).map(([key, part = null]) => [key, evaluate(part, scope)]),
    );
  }
  const { operator, operand } = form;
  if (isOneOf(sources, operator)) return readSource(operator, pathOf(operand), scope);
  if (operator === "$flatten") return operands(evaluate(operand, scope)).flat(1);
  if (operator === "$maybe") return hasResults(operand, scope) ? evaluate(operand, scope) : null;
  if (operator === "$text")
    return operands(operand)
      .map((part) => textOf(evaluate(part, scope)))
      .join("");
  if (isOneOf(comparisons, operator)) {
    const [left = null, right = null] = operands(operand).map((part) => evaluate(part, scope));
    return compare(operator, left, right);
  }
  if (isOneOf(connectives, operator)) return connect(operator, operands(operand), scope);
  throw new ExpressionError(`unknown operator ${operator}`);
}

/** A use of a value by an expression: where the value comes from, the path into it, and whether it may be absent. */
export type Reference = { source: Source; path: readonly string[]; optional?: true };

/** Every reference in an expression, in order of appearance. */
export function referencesIn(expression: Expression): Reference[] {
  const form = computed(expression);
  if (form === undefined) {
    if (!isJsonObject(expression) && !Array.isArray(expression)) return [];
    return Object.values(expression).flatMap((part: Json = null) => referencesIn(part));
  }
  if (isOneOf(sources, form.operator)) return [{ source: form.operator, path: pathOf(form.operand) }];
  if (form.operator === "$flatten") return referencesIn(form.operand);
  if (form.operator === "$maybe") {
    return referencesIn(form.operand).map((reference) => ({ ...reference, optional: true as const }));
  }
  if (
    form.operator === "$text" ||
    isOneOf(comparisons, form.operator) ||
    isOneOf(connectives, form.operator)
  ) {
    return operands(form.operand).flatMap(referencesIn);
  }
  throw new ExpressionError(`unknown operator ${form.operator}`);
}
