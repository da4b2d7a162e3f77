import type { Engine } from "../shared/ports/engine.ts";

/** How much a worker read: records of steps, objects in S3, and the bytes of these objects. */
export type EngineReads = { records: number; objects: number; bytes: number };

/**
 * An engine that counts what is read through it. It stands for a new worker: what earlier workers remember of their
 * reads is unknown to it.
 */
export function countedReads(engine: Engine): { readonly engine: Engine; readonly reads: EngineReads } {
  const { store, objects } = engine;
  const reads: EngineReads = { records: 0, objects: 0, bytes: 0 };
  const countRecords = async <T>(reading: Promise<T>, how: (found: T) => number): Promise<T> => {
    const found = await reading;
    reads.records += how(found);
    return found;
  };
  const counting = {
    store: {
      getStep: (key) => countRecords(store.getStep(key), () => 1),
      getSteps: (keys) => countRecords(store.getSteps(keys), () => keys.length),
      listSteps: (runId, step) => countRecords(store.listSteps(runId, step), ({ length }) => length),
    } satisfies Partial<Engine["store"]>,
    objects: {
      async get(uri) {
        const body = await objects.get(uri);
        reads.objects += 1;
        reads.bytes += body?.byteLength ?? 0;
        return body;
      },
    } satisfies Partial<Engine["objects"]>,
  };
  return {
    reads,
    engine: {
      ...engine,
      store: Object.assign(Object.create(store), counting.store),
      objects: Object.assign(Object.create(objects), counting.objects),
    },
  };
}
