import type * as z from "zod";
import { errorOf } from "../pipeline/millrace-error.ts";

/** A request doesn't have the required form; nothing was done. */
export class RequestError extends errorOf("REQUEST_INVALID") {}

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
