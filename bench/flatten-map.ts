import * as z from "zod";
import { definePipeline, flatten, lambda } from "../shared/pipeline/index.ts";
import { startRun } from "../shared/run/start-run.ts";
import { MemoryEngine } from "../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../shared/worker/handle-step-message.ts";
import { countedReads, type EngineReads } from "./engine-reads.ts";
import type { Report } from "./report.ts";

const sizes = [100, 1_000, 10_000];
/** Max. number of reads for each pair of children, one of either map, however many there are. */
const budget = 7;

type Place = { readonly place: number };

const flattened = definePipeline(
  { name: "bench-flatten", params: z.strictObject({ size: z.int().positive() }) },
  ({ params, step, map }) => {
    const places = step(
      "list",
      lambda({ size: params.size }, ({ size }) =>
        Array.from({ length: size }, (_, place): Place => ({ place })),
      ),
    );
    const lists = map("lists", places, (item) => lambda({ item }, ({ item }) => [item]));
    map("child", flatten(lists), (item) => lambda({ item }, ({ item: { place } }) => place));
  },
);

/** Runs the pipeline, each message in a new worker. @returns what all workers read */
async function readsOf(size: number): Promise<EngineReads> {
  const memory = new MemoryEngine([flattened]);
  const all: EngineReads = { records: 0, objects: 0, bytes: 0 };
  memory.handleMessages = async () => {
    const messages = memory.queue.receive();
    for (const message of messages) {
      const { engine, reads } = countedReads(memory.engine);
      await handleStepMessage(engine, message, Number.POSITIVE_INFINITY);
      all.records += reads.records;
      all.objects += reads.objects;
      all.bytes += reads.bytes;
    }
    return messages.length;
  };
  const { runId } = await startRun(memory.engine, {
    pipeline: flattened.name,
    params: { size },
    cause: { kind: "manual" },
    causeKey: "bench",
  });
  const { state } = await memory.finish(runId);
  if (state !== "SUCCEEDED") throw new Error(`the run ended as ${state}`);
  return all;
}

/** What a map over the flattened results of another map reads, by its number of children. */
export async function measureFlattenMap(): Promise<Report> {
  const rows: (string | number)[][] = [];
  const perChild: number[] = [];
  for (const size of sizes) {
    const { records, objects, bytes } = await readsOf(size);
    perChild.push((records + objects) / size);
    rows.push([String(size), records, objects, (records + objects) / size, bytes / size / 1000]);
  }
  return {
    tables: [
      {
        title: "A map over the flattened results of another map",
        columns: ["children", "records read", "objects read", "both a child", "KB of objects a child"],
        rows,
        notes: [
          "In memory: what all workers of the run read. Both maps have this many children, and read a list.",
          "Each message has a new worker, which remembers nothing of what others have read.",
        ],
      },
    ],
    overBudget:
      Math.max(...perChild) > budget
        ? [`a child reads ${perChild.join(", ")} among ${sizes.join(", ")}`]
        : [],
  };
}
