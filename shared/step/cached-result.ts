import { artifactsIn, jobParts } from "../pipeline/job.ts";
import type { Json } from "../pipeline/json.ts";
import { mapConcurrently } from "../platform/map-concurrently.ts";
import type { Engine } from "../ports/engine.ts";
import type { CachedResult } from "../ports/result-cache.ts";
import { cacheKey } from "../state/cache-key.ts";
import type { StoredValue, SucceededStep } from "../state/step-record.ts";
import { inputOf } from "./step-input.ts";
import type { StepWork } from "./step-work.ts";
import { loadValue } from "./stored-value.ts";

/** Maximum number of objects that a cached result may name: each is checked before the result is used. */
const maxObjects = 100;

/**
 * Identifies a step's code: the source of its function, or its job with the version. Undefined if the engine doesn't
 * know it, as for a job without an image. A job that ends is identified by the version that it ran, since another
 * version may be deployed by then.
 */
function codeOf(engine: Engine, work: StepWork): string | undefined {
  const { name, task } = work.node;
  if (task.kind !== "batch") return engine.pipelines.get(work.run.pipeline)?.functions.get(name)?.toString();
  const version = "ranVersion" in work ? work.ranVersion : engine.jobVersions.get(jobParts(task.job).family);
  return version && `${task.job} ${version}`;
}

function keyOf(engine: Engine, work: StepWork, input: Json): string | undefined {
  const { run, node } = work;
  const code = codeOf(engine, work);
  if (node.cache === undefined || code === undefined) return undefined;
  const { version } = node.cache;
  return cacheKey({ pipeline: run.pipeline, step: node.name, code, version }, input);
}

/** Whether all objects that a kept result names still exist: objects of old runs expire. */
async function isWhole(engine: Engine, output: StoredValue): Promise<boolean> {
  if ("uri" in output && (await engine.objects.head(output.uri)) === undefined) return false;
  const named = artifactsIn(await loadValue(engine, output));
  if (named.length > maxObjects) return false;
  const heads = await Promise.all(named.map(({ uri }) => engine.objects.head(uri)));
  return heads.every((head) => head !== undefined);
}

/**
 * Finds a result that an earlier run made with the same code and the same inputs, by the index of the input. There's
 * none if the run asks for a refresh, if the result has expired, or if its objects are gone.
 */
export async function findCached(
  engine: Engine,
  work: StepWork,
  inputs: ReadonlyMap<number, Json>,
): Promise<ReadonlyMap<number, CachedResult>> {
  if (work.node.cache === undefined || work.run.refresh) return new Map();
  const keys = [...inputs].flatMap(([index, input]) => {
    const key = keyOf(engine, work, input);
    return key === undefined ? [] : [[index, key] as const];
  });
  const kept = await engine.cache.get([...new Set(keys.map(([, key]) => key))]);
  const now = engine.clock.now();
  const found = await mapConcurrently(keys, async ([index, key]) => {
    const result = kept.get(key);
    if (result === undefined || (result.expiresAt ?? Number.POSITIVE_INFINITY) <= now) return [];
    return (await isWhole(engine, result.output)) ? [[index, result] as const] : [];
  });
  return new Map(found.flat());
}

/** Keeps a result for later runs. If it can't be kept, the step doesn't fail. */
export async function keepResult(engine: Engine, work: StepWork, record: SucceededStep): Promise<void> {
  const { run, node } = work;
  if (node.cache === undefined || record.state !== "SUCCEEDED" || record.index === "map") return;
  try {
    const key = keyOf(engine, work, await inputOf(engine, work, record.index));
    if (key === undefined) return;
    const { runId, step, index, output } = record;
    const { expires } = node.cache;
    await engine.cache.put(key, {
      output,
      source: { runId, step, index },
      ...(expires !== undefined && { expiresAt: Date.parse(record.endedAt) + expires * 1000 }),
    });
  } catch (error) {
    engine.log.warn("result was not cached", { runId: run.runId, step: node.name, error });
  }
}
