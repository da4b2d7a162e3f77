import type { Json } from "../pipeline/json.ts";

/** Fields of changes that hold lists. People separate the entries with spaces or commas. */
const lists: ReadonlySet<string> = new Set(["add", "remove", "tags"]);

/** Fields of changes that hold whole numbers. Text that isn't a number stays text: the request's schema refuses it. */
const numbers: ReadonlySet<string> = new Set(["slots", "concurrency"]);

/** How the fields of a run's parameters are read: as the text that they hold, or as JSON. */
export type ParamKind = "text" | "json";

/** The name of the field of a parameter; without a parameter, that of the field for all of them. */
export const paramField = (kind: ParamKind, param?: string) =>
  param === undefined ? "params" : `${kind}.${param}`;

const paramNames = /^(text|json)\.(.+)$/s;

/** JSON as people type it. Other input stays text, so that the definition can say which parameter is wrong. */
export function typedJson(text: string): Json {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}

function fieldValue(name: string, text: string): unknown {
  if (numbers.has(name) && /^\d{1,9}$/.test(text)) return Number(text);
  if (name === "params") return typedJson(text);
  return lists.has(name) ? text.split(/[\s,]+/).filter((part) => part !== "") : text;
}

/** The request of an address, with the fields for parameters combined into the parameters. */
export function withTypedParams(request: object): object {
  const entries = Object.entries(request);
  const others = entries.filter(([name]) => !paramNames.test(name));
  const params = entries.filter(([name, value]) => paramNames.test(name) && typeof value === "string");
  return withFields(Object.fromEntries(others), Object.fromEntries(params));
}

/** What people typed into a form's fields, completed to a request. An empty field isn't part of it. */
export function withFields(request: object, fields: Readonly<Record<string, string>>): object {
  const params: [string, Json][] = [];
  const others: [string, unknown][] = [];
  for (const [name, typed] of Object.entries(fields)) {
    const text = typed.trim();
    if (text === "") continue;
    const [, kind, param] = paramNames.exec(name) ?? [];
    if (param === undefined) others.push([name, fieldValue(name, text)]);
    else params.push([param, kind === "text" ? text : typedJson(text)]);
  }
  return {
    ...request,
    ...Object.fromEntries(others),
    ...(params.length > 0 && { params: Object.fromEntries(params) }),
  };
}
