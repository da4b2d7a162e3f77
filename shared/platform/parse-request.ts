import type * as z from "zod";

/** What was asked is not in the form that it takes; nothing was done. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/**
 * A request from outside, parsed.
 *
 * @throws RequestError naming each field that is wrong
 */
export function parseRequest<T extends z.ZodType>(schema: T, request: unknown): z.output<T> {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "request"}: ${message}`);
  throw new RequestError(lines.join("; "));
}
