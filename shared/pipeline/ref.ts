import type { Comparison, Connective, Expression, Source } from "./expression.ts";
import type { Json } from "./json.ts";
import { errorOf } from "./millrace-error.ts";

declare const valueType: unique symbol;
const expressionOf = Symbol("millrace.expression");

/**
 * Stands for a value of type T that will exist later in the run. Reading a field of a ref gives a ref of the field.
 * Passing a ref to a step creates the dependency.
 */
export type Ref<T> = { readonly [valueType]: T } & (T extends readonly unknown[]
  ? unknown
  : T extends object
    ? { readonly [K in keyof T]-?: Ref<T[K]> }
    : unknown);

/** A T in which any part may be a ref. */
export type Input<T> =
  | Ref<T>
  | (T extends readonly (infer E)[]
      ? readonly Input<E>[]
      : T extends object
        ? { readonly [K in keyof T]: Input<T[K]> }
        : T);

/** The type that a function gets for an input: every ref is replaced by its value. */
export type Resolved<I> = I extends { readonly [valueType]: infer T }
  ? T
  : I extends readonly unknown[]
    ? { readonly [K in keyof I]: Resolved<I[K]> }
    : I extends object
      ? { readonly [K in keyof I]: Resolved<I[K]> }
      : I;

/** A ref was used as if its value were known while the pipeline is being defined. */
export class RefUseError extends errorOf("REF_USE") {}

type Reference = { readonly [source: string]: readonly string[] };

/** The expression behind a ref. */
type Carrier = { readonly [expressionOf]: Expression };

/** Whether a value is a ref. */
export function isRef(value: unknown): value is Ref<unknown> & Carrier {
  return typeof value === "object" && value !== null && expressionOf in value;
}

function misuse(use: string): never {
  throw new RefUseError(`a ref has no value yet while the pipeline is being defined, so it cannot be ${use}`);
}

/** A ref of an expression that isn't a reference: it has no readable fields. */
function computedRef<T>(expression: Expression): Ref<T> {
  return carry<T>({ [expressionOf]: expression }, (field) =>
    misuse(`read by field ("${field}") when it is computed`),
  );
}

/** Wraps a carrier in a proxy. The proxy's fields are refs, and it rejects every use that needs a value. */
function carry<T>(carrier: Carrier, field: (name: string) => unknown): Ref<T> {
  const proxy = new Proxy(carrier, {
    get(target, key) {
      if (key === expressionOf) return target[expressionOf];
      if (key === Symbol.toPrimitive || key === "toString")
        return () => misuse("turned into text or a number");
      if (key === Symbol.iterator) return () => misuse("iterated; use map");
      if (key === "toJSON") return () => target[expressionOf];
      if (typeof key === "symbol" || key === "then") return undefined;
      return field(key);
    },
    has: (_target, key) => key === expressionOf,
    ownKeys: () => misuse("spread or listed"),
  });
  // The proxy answers every field of T with a ref, which TypeScript's types can't express.
  return proxy as unknown as Ref<T>;
}

/** A ref to a source and a path within it. Reading a field extends the path. */
function sourceRef<T>(source: Source, path: readonly string[]): Ref<T> {
  const reference: Reference = { [source]: path };
  return carry<T>({ [expressionOf]: reference }, (field) => sourceRef(source, [...path, field]));
}

/**
 * Refs to a step's output, the run's parameters, facts about the run, a mapped step's item, and the result of a pass.
 */
export const refTo = {
  step: <T>(name: string): Ref<T> => sourceRef<T>("$step", [name]),
  params: <T>(): Ref<T> => sourceRef<T>("$params", []),
  run: <T>(): Ref<T> => sourceRef<T>("$run", []),
  item: <T>(): Ref<T> => sourceRef<T>("$item", []),
  result: <T>(): Ref<T> => sourceRef<T>("$result", []),
};

/**
 * The expression for an input: refs become references, everything else becomes a literal.
 *
 * @throws RefUseError for a part that isn't JSON, such as a function or a Date, and for a key that starts with `$`
 */
export function toExpression(input: unknown, path = "input"): Expression {
  if (isRef(input)) return input[expressionOf];
  if (input === null || typeof input === "string" || typeof input === "boolean") return input;
  if (typeof input === "number") {
    if (Number.isFinite(input)) return input;
    throw new RefUseError(`${path} is ${input}; only finite numbers are JSON`);
  }
  if (Array.isArray(input)) return input.map((part, index) => toExpression(part, `${path}[${index}]`));
  if (typeof input === "object" && Object.getPrototypeOf(input) === Object.prototype) {
    const parts: Record<string, Json> = {};
    for (const [key, part] of Object.entries(input)) {
      if (key.startsWith("$")) throw new RefUseError(`${path}.${key}: keys that start with $ are reserved`);
      if (part !== undefined) parts[key] = toExpression(part, `${path}.${key}`);
    }
    return parts;
  }
  throw new RefUseError(
    `${path} is ${typeof input === "object" ? "an object with a class" : `a ${typeof input}`}; pass JSON or refs`,
  );
}

type Flat<T> = T extends readonly (infer E)[] ? E : T;
type ValueOf<R> = R extends { readonly [valueType]: infer T } ? T : never;

/** One list of all items. Lists among the parts are flattened by one level; other parts are items themselves. */
export function flatten<const L extends readonly Ref<unknown>[]>(parts: L): Ref<Flat<ValueOf<L[number]>>[]>;
export function flatten<T>(parts: Ref<readonly (readonly T[])[]>): Ref<T[]>;
export function flatten(
  parts: readonly Ref<unknown>[] | Ref<readonly (readonly unknown[])[]>,
): Ref<unknown[]> {
  return computedRef({ $flatten: toExpression(parts) });
}

/**
 * The value of a step, or null if the step has none because it was skipped or failed. A step that uses it waits for the
 * other step's end but doesn't need its result; its `rule` decides whether it runs.
 */
export function maybe<T>(value: Ref<T>): Ref<T | null> {
  return computedRef({ $maybe: toExpression(value) });
}

/** A text with values that will be known later: text`raw/${params.month}.csv`. */
export function text(
  parts: TemplateStringsArray,
  ...values: Input<string | number | boolean>[]
): Ref<string> {
  const all = parts.flatMap((part, place) =>
    place < values.length ? [part, toExpression(values[place])] : [part],
  );
  return computedRef({ $text: all.filter((part) => part !== "") });
}

type Ordered = number | string;
const comparison =
  <T>(operator: Comparison) =>
  <V extends T>(left: Input<V>, right: Input<V>): Ref<boolean> =>
    computedRef({ [operator]: [toExpression(left), toExpression(right)] });
const connective =
  (operator: Connective) =>
  (...parts: Input<boolean>[]): Ref<boolean> =>
    computedRef({ [operator]: parts.map((part) => toExpression(part)) });

/** Conditions for `when`. They are data, like everything else in the graph, so they can be stored and drawn. */
export const eq = comparison<Json>("$eq");
export const ne = comparison<Json>("$ne");
export const lt = comparison<Ordered>("$lt");
export const lte = comparison<Ordered>("$lte");
export const gt = comparison<Ordered>("$gt");
export const gte = comparison<Ordered>("$gte");
export const and = connective("$and");
export const or = connective("$or");
export const not = (condition: Input<boolean>): Ref<boolean> => connective("$not")(condition);
