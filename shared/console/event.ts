import * as z from "zod";
import { parseRequest } from "../platform/parse-request.ts";
import type { Engine } from "../ports/engine.ts";
import { fieldsIn } from "./address.ts";
import { withFields, withTypedParams } from "./form-values.ts";
import type { Host } from "./host/host.ts";
import { loopbackHost } from "./host/loopback-host.ts";
import { type Endpoints, readChoiceName, widgetHost } from "./host/widget-host.ts";
import { type PageRequest, pageRequest } from "./page-request.ts";
import { isZone } from "./parts/time.ts";
import { isShown } from "./shown-pages.ts";

/** Whatever a field of the context may be instead, the page is shown with defaults. */
const lenient = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

/** Fields of forms. AWS doesn't document in which form it sends a box. */
const texts = z.record(z.string(), z.union([z.string(), z.boolean().transform(String)]).catch(""));
const theme = z.enum(["light", "dark"]);

/** What CloudWatch tells a widget, as far as pages use it. */
const widgetContext = z.looseObject({
  widgetId: lenient(z.string()),
  theme: lenient(theme),
  timezone: lenient(z.looseObject({ offsetISO: lenient(z.string()) })),
  forms: lenient(z.looseObject({ all: lenient(texts) })),
});

/** What `millrace console` tells the functions. */
const loopback = z.strictObject({
  token: z.string(),
  /** Parameters of the address that every address keeps. */
  kept: z.strictObject({ tz: lenient(z.string()), theme: lenient(theme) }),
});
/** How `millrace console` asks for a page. */
export type LoopbackContext = z.input<typeof loopback>;

const event = z.looseObject({
  describe: lenient(z.unknown()),
  widgetContext: lenient(widgetContext),
  loopback: lenient(loopback),
  /** The form whose fields complete the request. */
  form: lenient(z.string()),
  page: lenient(z.unknown()),
  /** A run whose pages are asked for as one file. */
  export: lenient(z.string()),
  act: lenient(z.record(z.string(), z.unknown())),
});
/** An invocation of a console's function. */
export type ConsoleEvent = z.output<typeof event>;

/** Parses an event; what it doesn't understand, it leaves out. It never throws. */
export function readEvent(value: unknown): ConsoleEvent {
  return event.safeParse(value).data ?? {};
}

/** Whether CloudWatch asks for the documentation of the widget, and for nothing else. */
export const asksForDescription = ({ describe }: ConsoleEvent): boolean =>
  describe !== undefined && describe !== false;

/** Where the answer is shown. */
export function hostOf(
  { widgetContext: context, loopback: local }: ConsoleEvent,
  { stage, clock }: Pick<Engine, "stage" | "clock">,
  endpoints: Endpoints,
): Host {
  const zone = local?.kept.tz ?? context?.timezone?.offsetISO;
  const facts = {
    theme: local?.kept.theme ?? context?.theme ?? "light",
    zone: zone !== undefined && isZone(zone) ? zone : stage.timezone,
    now: clock.now(),
    stage: stage.name,
    shows: isShown,
  } as const;
  if (local !== undefined) {
    const kept = Object.entries(local.kept).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    return loopbackHost({ ...facts, token: local.token, kept: Object.fromEntries(kept) });
  }
  const id = `mr-${(context?.widgetId ?? "").replace(/[^A-Za-z0-9]/g, "").slice(0, 60)}`;
  return widgetHost({ ...facts, id, endpoints });
}

/** AWS doesn't say what a box that isn't ticked is sent as, if at all. */
const notTicked: ReadonlySet<string> = new Set(["", "false", "off", "no", "0", "undefined", "null"]);

/** The fields of one form, by the names that requests have for them. Boxes of one list are joined with commas. */
export function fieldsOf({ form, widgetContext: context }: ConsoleEvent): Record<string, string> {
  if (form === undefined) return {};
  const prefix = `${form}.`;
  const all = Object.entries(context?.forms?.all ?? {})
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, text]) => [name.slice(prefix.length), text] as const);
  const ticked = all.flatMap(([name, text]) => {
    const choice = readChoiceName(name);
    return choice === undefined || notTicked.has(text.toLowerCase()) ? [] : [choice];
  });
  const typed = all.filter(([name]) => readChoiceName(name) === undefined);
  return { ...fieldsIn(ticked), ...Object.fromEntries(typed) };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The page that a widget showed before CloudWatch refreshed it. Undefined if it names none, or an unknown one. */
function placeBefore({ widgetContext: context }: ConsoleEvent): PageRequest | undefined {
  const at = context?.forms?.all?.at;
  return at === undefined ? undefined : pageRequest.safeParse(parsedJson(at)).data;
}

/** The page that opens if nothing says which. */
const firstPage: PageRequest = { page: isShown("home") ? "home" : "runs" };

/**
 * The page that an event asks for.
 *
 * @throws RequestError if there is no such page, or it takes no such fields
 */
export function requestOf(given: ConsoleEvent): PageRequest {
  const { describe, widgetContext: context, loopback: local, form, act, ...request } = given;
  if (request.page === undefined) return placeBefore(given) ?? firstPage;
  const fields = fieldsOf(given);
  // An empty field of a form removes a filter that the request still has.
  const others = Object.entries(request).filter(([name]) => !(name in fields));
  return parseRequest(pageRequest, withTypedParams(withFields(Object.fromEntries(others), fields)));
}
