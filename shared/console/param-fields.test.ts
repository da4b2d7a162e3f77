import fc from "fast-check";
import * as z from "zod";
import { withFields } from "./form-values.ts";
import { paramFields } from "./param-fields.ts";

const params = z.strictObject({
  region: z.string().default("all"),
  alpha: z.number().describe("strength"),
  mode: z.enum(["fast", "full"]).optional(),
  dry: z.boolean().default(false),
  alphas: z.array(z.number()).default([1, 0.1]),
  source: z.strictObject({ uri: z.string() }).nullable().default(null),
  label: z.union([z.string(), z.int()]).optional(),
});

const schemaOf = (type: z.ZodType) =>
  z.record(z.string(), z.json()).parse(JSON.parse(JSON.stringify(z.toJSONSchema(type, { io: "input" }))));
const schema = schemaOf(params);

test("a parameter's field says its type, its default and what it is for", () => {
  const fields = new Map(paramFields(schema).map((field) => [field.name, field]));
  expect(fields.get("text.region")).toEqual({
    name: "text.region",
    label: 'region (text, if empty "all")',
    value: "all",
  });
  expect(fields.get("json.alpha")).toEqual({
    name: "json.alpha",
    label: "alpha (number, required): strength",
  });
  expect(fields.get("text.mode")?.options).toEqual([
    ["", "as defined"],
    ["fast", "fast"],
    ["full", "full"],
  ]);
  expect(fields.get("json.dry")).toMatchObject({ value: "false" });
  expect(fields.get("json.alphas")).toMatchObject({ value: "[1,0.1]" });
  expect(fields.get("json.source")).toMatchObject({ value: "null" });
});

test("an earlier run's parameters come before the defaults", () => {
  const [region, alpha] = paramFields(schema, { region: "eu", alpha: 2 });
  expect([region?.value, alpha?.value]).toEqual(["eu", "2"]);
});

test("what does not fit stays text, so that the definition names the parameter", () => {
  const { params: typed } = z
    .looseObject({ params: z.json() })
    .parse(withFields({}, { "json.alpha": "much", "json.alphas": "[1,", "text.region": "5" }));
  expect(typed).toEqual({ alpha: "much", alphas: "[1,", region: "5" });
  expect(params.safeParse(typed).error?.issues.map(({ path }) => path.join("."))).toEqual([
    "alpha",
    "alphas",
  ]);
});

test("parameters that are no object have one field", () => {
  const list = schemaOf(z.array(z.int()));
  expect(paramFields(list, [1, 2])).toEqual([{ name: "params", label: "params (JSON)", value: "[1,2]" }]);
  expect(withFields({}, { params: "[1,2]" })).toEqual({ params: [1, 2] });
});

test("an empty schema, which stands for parameters that JSON Schema can't express, gives one field", () => {
  expect(paramFields({})).toEqual([{ name: "params", label: "params (JSON)" }]);
});

test("a form that is sent as it was shown gives the parameters that it was made of", () => {
  const text = fc.string({ minLength: 1 }).filter((each) => each.trim() === each);
  const given = fc.record(
    {
      region: text,
      alpha: fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => each + 0),
      mode: fc.constantFrom("fast" as const, "full" as const),
      dry: fc.boolean(),
      alphas: fc.array(fc.integer()),
      source: fc.option(fc.record({ uri: fc.string() })),
      label: fc.oneof(text, fc.integer(), fc.constantFrom("5", "null", "[1]", '"x"')),
    },
    { requiredKeys: ["region", "alpha", "dry", "alphas", "source"] },
  );
  fc.assert(
    fc.property(given, (values) => {
      const shown = paramFields(schema, values).map(({ name, value }) => [name, value ?? ""]);
      const request = z.looseObject({ params: z.json() }).parse(withFields({}, Object.fromEntries(shown)));
      expect(params.parse(request.params)).toEqual(params.parse(values));
    }),
  );
});
