import { handleJob } from "../../shared/jobs/handle-job.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import type { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";

/** The worker died. */
export class Crash extends Error {
  override readonly name = "Crash";
}

/** Wraps every function of a port: `around` gets each call and may throw before or after it. */
export function wrapped<T extends object>(port: T, around: <R>(call: () => Promise<R>) => Promise<R>): T {
  return new Proxy(port, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver);
      if (typeof member !== "function") return member;
      if (key === "locate") return member.bind(target);
      return (...args: unknown[]) => around(() => member.apply(target, args) as Promise<unknown>);
    },
  });
}

/**
 * An engine whose worker dies at its `at`-th call to a port, before or after the call takes effect. A dead worker makes
 * no further calls; a worker whose call merely failed does.
 */
export function crashing(engine: Engine, at: number, when: Crashing["when"]) {
  const seen = { calls: 0, crashed: false };
  const around = async <R>(call: () => Promise<R>): Promise<R> => {
    if (seen.crashed) throw new Crash();
    seen.calls += 1;
    const now = seen.calls === at;
    if (now) seen.crashed = true;
    if (now && when === "before") throw new Crash();
    const result = await call();
    if (now) throw new Crash();
    return result;
  };
  const {
    store,
    queue,
    largeQueue,
    batch: service,
    objects,
    waiters,
    cache,
    models,
    publications,
    notifier,
    schedules,
    backfills,
  } = engine;
  const ports = {
    store: wrapped(store, around),
    queue: wrapped(queue, around),
    largeQueue: wrapped(largeQueue, around),
    batch: wrapped(service, around),
    objects: wrapped(objects, around),
    waiters: wrapped(waiters, around),
    cache: wrapped(cache, around),
    models: wrapped(models, around),
    publications: wrapped(publications, around),
    notifier: wrapped(notifier, around),
    schedules: wrapped(schedules, around),
    backfills: wrapped(backfills, around),
  };
  return { engine: { ...engine, ...ports }, seen };
}

export type Crashing = {
  when: "before" | "after";
  /** Whether the message that the dead worker held comes back. */
  redelivered: boolean;
  /** Whether jobs take longer than every waiting message. */
  slowJobs: boolean;
};

/** Every way to crash at one call. */
export const crashings: readonly Crashing[] = (["before", "after"] as const).flatMap((when) =>
  [true, false].flatMap((redelivered) => [true, false].map((slowJobs) => ({ when, redelivered, slowJobs }))),
);

/** A run that was just started, and what else happens when its engine has nothing to do. */
export type StartedRun = {
  memory: MemoryEngine;
  runId: string;
  /** Returns true if it did something. */
  outside?: (engine: Engine) => Promise<boolean>;
};

/** Runs to the end with a worker that dies once. Its message comes back after the visibility timeout, or never. */
export async function runWithCrash(
  { memory, runId, outside }: StartedRun,
  at: number,
  { when, redelivered, slowJobs }: Crashing,
) {
  const sound = memory.engine;
  const { engine, seen } = crashing(sound, at, when);
  const attempt = async (work: (engine: Engine) => Promise<unknown>) => {
    try {
      return { did: (await work(seen.crashed ? sound : engine)) === true, worked: true };
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      return { did: true, worked: false };
    }
  };
  /** Handles one message, if there is one. */
  const handleMessage = async () => {
    for (const { queue, workerSize } of memory.lanes) {
      const [message] = queue.receive(1);
      if (message === undefined) continue;
      const { worked } = await attempt((each) =>
        handleStepMessage({ ...each, workerSize }, message, Number.POSITIVE_INFINITY),
      );
      if (!worked && redelivered) await queue.send([message], 720_000);
      return true;
    }
    return false;
  };
  for (let turn = 0; turn < 2000; turn += 1) {
    const run = await memory.store.getRun(runId);
    if (run?.state !== "RUNNING") break;
    memory.clock.moveTo(memory.clock.now() + 1);
    if (await handleMessage()) continue;
    const events = memory.batch.takeEvents();
    for (const event of events) {
      const { worked } = await attempt((each) => handleJob(each, event));
      if (!worked && redelivered) await handleJob(sound, event);
    }
    if (events.length > 0) continue;
    if (outside !== undefined && (await attempt(outside)).did) continue;
    const next = memory.nextMessageAt();
    if (memory.batch.waiting().length > 0 && !(slowJobs && next !== undefined)) {
      await memory.turn();
      continue;
    }
    memory.clock.moveTo(next ?? memory.clock.now() + 120_000);
    await attempt(sweepRuns);
  }
  return { memory, runId, seen };
}
