import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { tallyKey } from "../shared/adapters/aws/dynamo-keys.ts";
import { newRunItem } from "../shared/adapters/aws/dynamo-run-item.ts";
import { stepItemOf } from "../shared/adapters/aws/dynamo-step-item.ts";
import { shardOf, shardSize } from "../shared/objects/layout.ts";
import { noProgress } from "../shared/state/run.ts";
import { expanded, succeeded } from "../shared/state/step-changes.ts";
import { aHeldStep, aRun, epochStart } from "../test/factories.ts";
import { servePartition } from "./partition-server.ts";
import type { Report } from "./report.ts";
import { sweptChildren, sweptMaps, sweptPipeline } from "./swept-pipeline.ts";

/** Megabytes of memory that the function `tick` has, and those that Node may use for objects. */
const functionMemory = 512;
const heap = 384;
const resultBytes = 4000;

/** Items of a map whose children have all ended, except for the last one, which has lost its worker. */
function* itemsOf(runId: string, step: string): Generator<object> {
  const value = "x".repeat(resultBytes);
  const last = sweptChildren - 1;
  for (let index = 0; index < sweptChildren; index += 1) {
    const held = aHeldStep({ runId, step, index });
    const record = index === last ? held : succeeded(held, { value }, epochStart);
    yield stepItemOf(record, `version ${index}`);
  }
  const map = expanded(aHeldStep({ runId, step, index: "map" }), sweptChildren);
  yield stepItemOf({ ...map, index: "map" }, "version map");
  const shards = shardOf(last) + 1;
  for (let shard = 0; shard < shards; shard += 1) {
    const members = Array.from({ length: shardSize }, (_, place) => shard * shardSize + place);
    const done = new Set(members.filter((index) => index !== last));
    yield { ...tallyKey({ runId, step, shard }), epoch: 1, size: shardSize, done };
  }
  yield { ...tallyKey({ runId, step, shard: "map" }), epoch: 1, size: shards };
}

/** A run whose four maps are under way, with all of its items. */
function aSweptRun(): { readonly runId: string; readonly items: readonly object[] } {
  const { graph, graphHash } = sweptPipeline;
  const list = graph.steps.findIndex((node) => node.name === "list");
  const run = aRun({
    ...{ pipeline: sweptPipeline.name, graphHash, params: {} },
    progress: { ...noProgress, done: new Set([list]) },
  });
  const { runId } = run;
  const done = { done: new Set([list]) };
  return {
    runId,
    items: [{ ...newRunItem(run, 0), ...done }, ...sweptMaps.flatMap((step) => [...itemsOf(runId, step)])],
  };
}

const measured = z.object({
  before: z.number(),
  most: z.number(),
  hints: z.number(),
});

/** The memory that a sweep takes over a run of 40,000 children whose results have 4 KB each. */
export async function measureSweepMemory(): Promise<Report> {
  const { runId, items } = aSweptRun();
  const server = await servePartition(items);
  try {
    const inProcess = async (act: string, heapMegabytes: number) => {
      const { stdout } = await execa(process.execPath, [
        "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
        `--max-old-space-size=${heapMegabytes}`,
        join(import.meta.dirname, "swept-process.ts"),
        ...[server.endpoint, runId, act],
      ]);
      return measured.parse(JSON.parse(stdout));
    };
    const sweep = await inProcess("sweep", heap);
    const results = await inProcess("results", 4 * functionMemory);
    const row = (what: string, { before, most }: z.infer<typeof measured>) => [what, before, most];
    const children = sweptChildren * sweptMaps.length;
    return {
      tables: [
        {
          title: `A sweep over ${children.toLocaleString("en-US")} children with results of 4 KB`,
          columns: ["", "MB before", "MB at most"],
          rows: [row("the sweep", sweep), row("a list of all records with their results", results)],
          notes: [
            `Resident memory of a process of its own. The sweep may use ${heap} MB for objects; the function \`tick\` has ${functionMemory} MB.`,
          ],
        },
      ],
      overBudget: [
        ...(sweep.most > functionMemory ? [`a sweep takes ${sweep.most} MB`] : []),
        ...(sweep.hints === sweptMaps.length ? [] : [`the sweep sent ${sweep.hints} hints`]),
      ],
    };
  } finally {
    await server.stop();
  }
}
