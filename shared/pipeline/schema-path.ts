import * as z from "zod";

/** Takes off what does not change a value's fields: optional, nullable, default, readonly. */
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
 * The first part of a path that a schema is sure not to have, or undefined. A number stands for an item of a list.
 * Schemas that say nothing about fields (unions, records, transforms) have every field.
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
