import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { Job } from "../shared/pipeline/index.ts";

/** The JSON Schemas of a job, by path under `batch-jobs/`: what its Python checks input and output by. */
export function schemasOf({ name, input, output }: Job<z.ZodType, z.ZodType>): Map<string, string> {
  const [family = "", job = ""] = name.split(".");
  // What crosses the border: the input as the engine has parsed it, the output as the engine will parse it.
  return new Map([
    [join(family, "schemas", `${job}.input.json`), format(z.toJSONSchema(input, { io: "output" }))],
    [join(family, "schemas", `${job}.output.json`), format(z.toJSONSchema(output, { io: "input" }))],
  ]);
}

const format = (schema: unknown): string => `${JSON.stringify(schema, null, 2)}\n`;

/** The schemas that are missing under a folder, or that its files have with other content. */
export function staleSchemas(root: string, schemas: ReadonlyMap<string, string>): string[] {
  const isCurrent = (file: string, text: string) =>
    existsSync(join(root, file)) && readFileSync(join(root, file), "utf8") === text;
  return [...schemas].filter(([file, text]) => !isCurrent(file, text)).map(([file]) => file);
}
