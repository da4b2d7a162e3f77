import * as z from "zod";
import type { Json } from "./json.ts";

// What all stored records have in common. A record's schema is its only description: the type is inferred from it, and the
// stores add nothing but places in the table. Two versions of the code share a table during a deployment and after a
// rollback, so a record may hold more than the code that reads it knows.

/**
 * A part of a record. Fields that newer code has added are carried along: they are read, kept and written again as they
 * are, and the type has none of them.
 */
export function openObject<S extends z.ZodRawShape>(shape: S): z.ZodObject<S> {
  // The cast hides the index signature, so that code which uses a field that no schema has does not compile.
  return z.looseObject(shape) as z.ZodObject<S>;
}

/** Any JSON value. It is not checked a second time: its writer has checked it. */
export const storedJson = z.custom<Json>((value) => value !== undefined);

/** What a schema describes, at any depth unchangeable. */
export type Stored<S extends z.ZodType> = Unchangeable<z.infer<S>>;

type Unchangeable<T> = [Json] extends [T]
  ? T
  : T extends readonly (infer E)[]
    ? readonly Unchangeable<E>[]
    : T extends Set<infer E>
      ? ReadonlySet<E>
      : T extends object
        ? { readonly [K in keyof T]: Unchangeable<T[K]> }
        : T;

/** A record uses a word, such as a state, that this code does not know. Newer code wrote it, and only that may change it. */
export class NewerRecordError extends Error {
  override readonly name = "NewerRecordError";

  /** @param words what this code does not know, as in `state "DRAINING"` */
  constructor(record: string, words: string) {
    super(
      `${record} has ${words}, which this version does not know: a newer one wrote it. It is left as it is; deploy that version, or install it, and try again`,
    );
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (part, key) => (typeof part === "object" && part !== null ? Reflect.get(part, key) : undefined),
    value,
  );
}

/**
 * The words of a record that its schema does not know, as in `state "DRAINING"`; undefined where anything else is wrong
 * with it, too.
 */
export function unknownWords({ issues }: z.core.$ZodError, record: unknown): string | undefined {
  const words = issues.map(({ code, path }) => {
    const word = valueAt(record, path);
    const isWord = (code === "invalid_value" || code === "invalid_union") && typeof word === "string";
    return isWord ? `${path.join(".")} ${JSON.stringify(word)}` : undefined;
  });
  return words.every((word) => word !== undefined) ? words.join(", ") : undefined;
}

/**
 * A stored record by its schema.
 *
 * @param name what the record is called in an error
 * @throws NewerRecordError for one that newer code has written in words that the schema does not know
 * @throws ZodError for anything else that is not such a record
 */
export function recordOf<S extends z.ZodType>(schema: S, stored: unknown, name: string): z.infer<S> {
  const parsed = schema.safeParse(stored);
  if (parsed.success) return parsed.data;
  const words = unknownWords(parsed.error, stored);
  throw words === undefined ? parsed.error : new NewerRecordError(name, words);
}
