import { parseRequest } from "../platform/parse-request.ts";
import { withTypedParams } from "./form-values.ts";
import { type PageRequest, type PageTarget, pageRequest } from "./page-request.ts";

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The fields of a page's request as text: lists with commas, nothing for what is not set. */
export function textFields({ page, ...fields }: PageTarget): [name: string, text: string][] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, textOf(value)]);
}

/** The address of a page, without a host: `/runs?pipeline=ridge-sweep&state=FAILED`. */
export function addressOf(target: PageTarget): string {
  const query = new URLSearchParams(textFields(target)).toString();
  const path = target.page === "home" ? "/" : `/${target.page}`;
  return query === "" ? path : `${path}?${query}`;
}

/** The fields of a form or an address by their names. Fields that don't count are left out; one of several joins them. */
export function fieldsIn(query: Iterable<readonly [string, string]>): Record<string, string> {
  const fields = new Map<string, string>();
  for (const [name, text] of query) {
    if (text === "") continue;
    const before = fields.get(name);
    fields.set(name, before === undefined ? text : `${before},${text}`);
  }
  return Object.fromEntries(fields);
}

/**
 * The page at an address. Empty fields don't count, because forms send them for filters that aren't set.
 *
 * @throws RequestError if there is no such page, or it takes no such fields
 */
export function requestAt(path: string, query: URLSearchParams): PageRequest {
  const page = path === "/" ? "home" : path.slice(1);
  return parseRequest(pageRequest, withTypedParams({ ...fieldsIn(query), page }));
}
