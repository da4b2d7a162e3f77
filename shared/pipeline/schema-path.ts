import * as z from "zod";

/** Unwraps layers that don't change a value's fields: optional, nullable, default, readonly. */
function bare(schema: z.ZodType): z.ZodType {
  let at = schema;
  while (
    at instanceof z.ZodOptional ||
    at instanceof z.ZodNullable ||
    at instanceof z.ZodDefault ||
    at instanceof z.ZodReadonly
  ) {
    at = at.unwrap() as z.ZodType;
  }
  return at;
}

/**
 * The first part of a path that a schema certainly doesn't have, or undefined. A number stands for a list item. A
 * schema that says nothing about fields (a union, record or transform) counts as having every field.
 */
export function fieldMissing(
  schema: z.ZodType,
  path: readonly (string | number)[],
): string | number | undefined {
  const [part, ...rest] = path;
  if (part === undefined) return undefined;
  const at = bare(schema);
  if (at instanceof z.ZodArray)
    return typeof part === "number" ? fieldMissing(at.element as z.ZodType, rest) : part;
  if (at instanceof z.ZodObject) {
    const field: z.ZodType | undefined = at.shape[part];
    return field === undefined ? part : fieldMissing(field, rest);
  }
  const leaf = at instanceof z.ZodString || at instanceof z.ZodNumber || at instanceof z.ZodBoolean;
  return leaf ? part : undefined;
}
