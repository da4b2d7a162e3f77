import * as z from "zod";
import { isJsonObject, type Json, type JsonObject } from "../pipeline/json.ts";
import { paramField, typedJson } from "./form-values.ts";
import type { Field } from "./host/host.ts";

// A form for a pipeline's parameters, made from the JSON Schema of its definition. Only the definition
// itself decides whether the values that people type fit.

/** A parameter as JSON Schema describes it. Anything else about it doesn't matter for a form. */
const property = z
  .looseObject({
    type: z.string().optional().catch(undefined),
    enum: z.array(z.json()).optional().catch(undefined),
    default: z.json().optional(),
    description: z.string().optional().catch(undefined),
  })
  .catch({});
type Property = z.output<typeof property>;

const objectSchema = z.looseObject({
  properties: z.record(z.string(), property).optional(),
  required: z.array(z.string()).optional(),
});

type Described = {
  readonly properties: Readonly<Record<string, Property>>;
  readonly required: ReadonlySet<string>;
  /** Whether the parameters are an object with known fields. */
  readonly hasFields: boolean;
};

function described(given: JsonObject): Described {
  const schema = objectSchema.safeParse(given).data ?? {};
  const { properties = {}, required = [] } = schema;
  return {
    properties,
    required: new Set(required),
    hasFields: schema.properties !== undefined,
  };
}

/** What people have to type. */
type Kind = "text" | "number" | "choice" | "yes or no" | "JSON";

function kindOf({ type, enum: choices }: Property): Kind {
  if (choices !== undefined) return "choice";
  if (type === "string") return "text";
  if (type === "boolean") return "yes or no";
  return type === "number" || type === "integer" ? "number" : "JSON";
}

/** Whether a field's text is the value itself. Everything else is JSON. */
function isText({ type, enum: choices }: Property): boolean {
  if (choices !== undefined) return choices.every((each) => typeof each === "string");
  return type === "string";
}

/** A value as people type it. Where JSON is expected, a text that would be read as something else is quoted. */
function typed(value: Json, isPlain: boolean): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return isPlain || typedJson(value) === value ? value : JSON.stringify(value);
}

/** Words of a parameter's type, and of what is taken if the field stays empty. */
function hintOf({ type, description, default: fallback }: Property, kind: Kind, isRequired: boolean): string {
  const words: Readonly<Record<Kind, string>> = {
    text: "text",
    number: type === "integer" ? "whole number" : "number",
    choice: "",
    "yes or no": "",
    JSON: type === undefined ? "JSON or text" : `${type} as JSON`,
  };
  const empty = fallback === undefined ? "" : `if empty ${JSON.stringify(fallback)}`;
  const parts = [words[kind], isRequired ? "required" : empty].filter((part) => part !== "");
  const hint = parts.length === 0 ? "" : ` (${parts.join(", ")})`;
  return description === undefined ? hint : `${hint}: ${description}`;
}

function optionsOf(described: Property, kind: Kind, isRequired: boolean) {
  const values = kind === "yes or no" ? [true, false] : (described.enum ?? []);
  const options = values.map((value) => {
    const text = typed(value, isText(described));
    return [text, text] as const;
  });
  return isRequired ? options : [["", "as defined"] as const, ...options];
}

function fieldOf(name: string, described: Property, isRequired: boolean, shown: Json | undefined): Field {
  const kind = kindOf(described);
  const isPlain = isText(described);
  return {
    name: paramField(isPlain ? "text" : "json", name),
    label: `${name}${hintOf(described, kind, isRequired)}`,
    ...(shown !== undefined && { value: typed(shown, isPlain) }),
    ...((kind === "choice" || kind === "yes or no") && { options: optionsOf(described, kind, isRequired) }),
  };
}

/** What the field of a parameter shows, with the value that was given for it, if any. */
type Shown = (property: Property, given: Json | undefined) => Json | undefined;

function fieldsOf(schema: JsonObject, values: Json | undefined, shown: Shown): Field[] {
  const { properties, required, hasFields } = described(schema);
  if (!hasFields)
    return [
      {
        name: paramField("json"),
        label: "params (JSON)",
        ...(values !== undefined && { value: JSON.stringify(values) }),
      },
    ];
  const own = values !== undefined && isJsonObject(values) ? values : {};
  return Object.entries(properties).map(([name, each]) =>
    fieldOf(name, each, required.has(name), shown(each, Object.hasOwn(own, name) ? own[name] : undefined)),
  );
}

/** Fields for parameters. An empty field takes what is defined. Only those that were given have a value. */
export function ownParamFields(schema: JsonObject, given: JsonObject): Field[] {
  const values = Object.keys(given).length > 0 ? given : undefined;
  return fieldsOf(schema, values, (_property, value) => value);
}

/**
 * A field for each parameter, or one for all if the parameters aren't an object.
 *
 * @param schema the parameters as JSON Schema
 * @param values the parameters of an earlier run, to begin with; without them, the defaults
 */
export function paramFields(schema: JsonObject, values?: Json): Field[] {
  return fieldsOf(schema, values, ({ default: fallback }, value) => value ?? fallback);
}
