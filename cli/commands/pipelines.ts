import { styleText } from "node:util";
import { Command } from "commander";
import * as z from "zod";
import { pipelines } from "../../pipelines/index.ts";
import { catalogueOf } from "../../shared/app/catalogue.ts";
import type { Pipeline } from "../../shared/pipeline/index.ts";
import { isJsonObject, type Json } from "../../shared/pipeline/json.ts";
import { dependantsOf } from "../../shared/run/dependants.ts";
import { triggerText } from "../../shared/wording/trigger-text.ts";
import { printJson } from "../options.ts";

/** The parameters with their defaults. None are shown if JSON Schema can't express the schema. */
function paramsOf({ params }: Pipeline): { name: string; default?: Json }[] {
  const schema = z.toJSONSchema(params, { io: "input", unrepresentable: "any" });
  return Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const fallback = isJsonObject(field) ? field.default : undefined;
    return { name, ...(fallback !== undefined && { default: fallback }) };
  });
}

/** Names of the pipelines that start when a run of this one succeeds. */
function followersOf(catalogue: ReadonlyMap<string, Pipeline>, { name }: Pipeline): string[] {
  return dependantsOf({ pipelines: catalogue }, name).map(({ pipeline }) => pipeline.name);
}

function show(catalogue: ReadonlyMap<string, Pipeline>, pipeline: Pipeline): string {
  const params = paramsOf(pipeline).map(({ name, default: fallback }) =>
    fallback === undefined ? `${name} (required)` : `${name} = ${JSON.stringify(fallback)}`,
  );
  const rows = [
    ...pipeline.triggers.map((trigger, at) => [at === 0 ? "starts on" : "", triggerText(trigger)]),
    ...followersOf(catalogue, pipeline).map((name, at) => [at === 0 ? "then starts" : "", name]),
    ...params.map((param, at) => [at === 0 ? "params" : "", param]),
  ];
  const { length } = pipeline.graph.steps;
  const title = `${styleText("bold", pipeline.name)}  ${length} step${length === 1 ? "" : "s"}`;
  return [title, ...rows.map(([label = "", text]) => `  ${label.padEnd(13)}${text}`)].join("\n");
}

/** `pipelines`: lists every pipeline of this checkout. */
export function pipelinesCommand(): Command {
  return new Command("pipelines").option("--json", "as JSON").action(({ json }: { json?: boolean }) => {
    const catalogue = catalogueOf(pipelines);
    if (json !== true) return console.log(pipelines.map((each) => show(catalogue, each)).join("\n\n"));
    printJson(
      pipelines.map((pipeline) => ({
        name: pipeline.name,
        graphHash: pipeline.graphHash,
        steps: pipeline.graph.steps.map(({ name }) => name),
        triggers: pipeline.triggers.map(triggerText),
        thenStarts: followersOf(catalogue, pipeline),
        params: paramsOf(pipeline),
      })),
    );
  });
}
