import { createHash } from "node:crypto";
import * as z from "zod";
import { attemptPrefix } from "../../shared/objects/layout.ts";
import { batch, defineJob, definePipeline, lambda } from "../../shared/pipeline/index.ts";
import type { Artifact } from "../../shared/pipeline/job.ts";
import type { Json } from "../../shared/pipeline/json.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { consoleOf } from "./fixtures.ts";

const artifact = z.object({
  uri: z.string().startsWith("s3://"),
  sha256: z.string(),
  bytes: z.int(),
  mediaType: z.string(),
});

/** A job that learns with one setting, and says how good it became. */
const learn = defineJob("lab.learn", {
  input: z.object({ alpha: z.number(), depth: z.int() }),
  output: z.object({
    alpha: z.number(),
    metrics: z.object({ r2: z.number(), loss: z.number() }),
    report: artifact.optional(),
  }),
  resources: { vcpus: 2, memory: 4096, timeoutSeconds: 600 },
});

/** A pipeline that learns once, and a sweep over settings. */
export const training = definePipeline(
  {
    name: "training",
    params: z.strictObject({
      alphas: z.array(z.number()).default([1, 0.1, 0.01, 0.001, 0.0001, 0.00001]),
      depth: z.int().default(3),
      note: z.string().default(""),
    }),
  },
  ({ params, step, map }) => {
    step("learn_once", batch(learn, { alpha: 0.5, depth: params.depth }), { retries: 1 });
    const learned = map(
      "learn_each",
      params.alphas,
      (alpha) => batch(learn, { alpha, depth: params.depth }),
      {
        retries: 0,
      },
    );
    step(
      "choose",
      lambda({ learned }, ({ learned: all }) => ({
        best: Math.max(...all.map(({ metrics }) => metrics.r2)),
        count: all.length,
      })),
    );
  },
);

/** A stage in memory with that pipeline, whose jobs are the given function. */
export function trainingStage(
  work: (input: { alpha: number; depth: number }) => Json | Promise<Json> = learned,
) {
  const jobs = { "lab.learn": async (input: Json) => work(learn.input.parse(input)) };
  const memory = new MemoryEngine([training], jobs, Date.parse("2021-10-04T16:21:00Z"));
  return consoleOf(memory);
}

/** What the job makes of its input: best where alpha is 0.01. */
export function learned({ alpha, depth }: { alpha: number; depth: number }) {
  const r2 = Number((0.9 - Math.abs(Math.log10(alpha) + 2) / 10).toFixed(3));
  return { alpha, metrics: { r2, loss: Number((1 - r2 + depth / 100).toFixed(3)) } };
}

/** Stores objects as if a step's attempt had made them, and lists them in its manifest. */
export async function makes(
  { objects, store }: MemoryEngine,
  runId: string,
  step: string,
  files: readonly (readonly [name: string, mediaType: string, content: string])[],
): Promise<Artifact[]> {
  const memory = { objects, store };
  const run = await store.getRun(runId);
  if (run === undefined) throw new Error(`there is no run ${runId}`);
  const record = await memory.store.getStep({ runId, step, index: 0 });
  if (record === undefined) throw new Error(`nothing is stored of ${step}`);
  const prefix = attemptPrefix(run, record);
  const made: Artifact[] = [];
  for (const [name, mediaType, content] of files) {
    const uri = objects.locate(`${prefix}${name}`);
    await objects.put(uri, content, mediaType);
    const sha256 = createHash("sha256").update(content).digest("hex");
    made.push({ uri, sha256, bytes: Buffer.byteLength(content), mediaType });
  }
  const manifest = { version: 1, output: {}, artifacts: made };
  await objects.put(objects.locate(`${prefix}_manifest.json`), JSON.stringify(manifest), "application/json");
  return made;
}
