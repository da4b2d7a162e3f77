import * as z from "zod";
import type { Json } from "./json.ts";
import { MillraceError } from "./millrace-error.ts";

// Shared parts of all stored records. A record's schema is its only description: its type is inferred from the schema,
// and the stores add only its places in the table. Two versions of the code share a table during a deployment and after
// a rollback, so a record may contain more than the code that reads it knows.

/**
 * A part of a record. Fields that newer code has added are read, kept and written back unchanged, but the type doesn't
 * include them.
 */
export function openObject<S extends z.ZodRawShape>(shape: S): z.ZodObject<S> {
  // The cast hides the index signature, so code that uses a field missing from the schema doesn't compile.
  return z.looseObject(shape) as z.ZodObject<S>;
}

/** Any JSON value. It isn't checked again, because its writer has checked it. */
export const storedJson = z.custom<Json>((value) => value !== undefined);

/** The type that a schema describes, readonly at every depth. */
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

/**
 * A record uses a word, such as a state, that this code doesn't know. Newer code wrote it, and only newer code may
 * change it.
 */
export class NewerRecordError extends MillraceError {
  /** @param words the words that this code doesn't know, as in `state "DRAINING"` */
  constructor(record: string, words: string) {
    super(
      "NEWER_RECORD",
      `${record} has ${words}, which this version does not know: a newer version wrote it`,
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
 * The words of a record that its schema doesn't know, as in `state "DRAINING"`; undefined if anything else is wrong
 * with the record.
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
 * Parses a stored record with its schema.
 *
 * @param name what the record is called in an error
 * @throws NewerRecordError if newer code wrote the record with words that the schema doesn't know
 * @throws ZodError if it isn't such a record for any other reason
 */
export function recordOf<S extends z.ZodType>(schema: S, stored: unknown, name: string): z.infer<S> {
  const parsed = schema.safeParse(stored);
  if (parsed.success) return parsed.data;
  const words = unknownWords(parsed.error, stored);
  throw words === undefined ? parsed.error : new NewerRecordError(name, words);
}
