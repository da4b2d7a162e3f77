import { handleJob } from "../../shared/jobs/handle-job.ts";
import { startByHand } from "../../shared/operate/start-by-hand.ts";
import type { Json } from "../../shared/pipeline/index.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import type { StoredStep } from "../../shared/ports/run-store.ts";
import type { StepMessage } from "../../shared/ports/step-queue.ts";
import { type StartedRun, type StartRequest, startRun } from "../../shared/run/start-run.ts";
import { lossLimits } from "../../shared/state/failure.ts";
import { knownStep } from "../../shared/state/read-step.ts";
import type { Run } from "../../shared/state/run.ts";
import type { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { failDeadLetter } from "../../shared/worker/fail-dead-letter.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { crashing } from "./crashing-engine.ts";

/** More rounds than any test needs, so that an engine that never comes to rest is noticed. */
const maxRounds = 10_000;

/** Milliseconds between two ticks. */
const tick = 60_000;

type Start = {
  key?: string;
  params?: Json;
  priority?: number;
  scheduledAt?: string;
  refresh?: boolean;
  tags?: string[];
};

let starts = 0;

/** Starts a run by hand, a millisecond after the one before. It's a new run each time unless a key is given. */
export async function begin(memory: MemoryEngine, pipeline: string, start: Start = {}): Promise<string> {
  starts += 1;
  memory.clock.moveTo(memory.clock.now() + 1);
  return (await startByHand(memory.engine, { pipeline, key: `start ${starts}`, ...start })).runId;
}

/**
 * Starts a run like a person who gives no key: for the same pipeline and time, it is the same run. Unlike
 * {@link begin}, it doesn't move the clock.
 */
export function startManually(
  engine: Engine,
  request: Omit<StartRequest, "cause" | "causeKey">,
): Promise<StartedRun> {
  return startRun(engine, { ...request, cause: { kind: "manual" }, causeKey: "" });
}

/** A run as it is stored. */
export async function runOf(memory: MemoryEngine, runId: string): Promise<Run> {
  const run = await memory.store.getRun(runId);
  if (run === undefined) throw new Error(`there is no run ${runId}`);
  return run;
}

/** States of runs, in the order of the given ids. */
export async function statesOf(memory: MemoryEngine, ids: readonly string[]): Promise<Run["state"][]> {
  return Promise.all(ids.map(async (id) => (await runOf(memory, id)).state));
}

/** The record of a step that is not mapped, or of one child. */
export async function stepOf(
  memory: MemoryEngine,
  runId: string,
  step: string,
  index: number | "map" = 0,
): Promise<StoredStep> {
  const record = await memory.store.getStep({ runId, step, index });
  if (record === undefined) throw new Error(`nothing is stored of step ${step}[${index}]`);
  return knownStep(record);
}

/** Handles the messages and events that are there now, and those that follow from them. Jobs don't change. */
export async function work(memory: MemoryEngine): Promise<void> {
  for (let round = 0; round < maxRounds; round += 1) {
    const events = memory.batch.takeEvents();
    const handled = await memory.handleMessages();
    if (handled + events.length === 0) return;
    for (const event of events) await handleJob(memory.engine, event);
  }
  throw new Error("the engine does not come to rest");
}

/** Lets this many seconds pass, handling everything in between, with one tick a minute. Jobs don't change. */
export async function pass(memory: MemoryEngine, seconds: number): Promise<void> {
  const until = memory.clock.now() + seconds * 1000;
  await work(memory);
  while (memory.clock.now() < until) {
    const now = memory.clock.now();
    const nextTick = (Math.floor(now / tick) + 1) * tick;
    memory.clock.moveTo(Math.min(until, nextTick, memory.nextMessageAt() ?? until));
    if (memory.clock.now() === nextTick) await sweepRuns(memory.engine);
    await work(memory);
  }
}

/** {@link crashing}, for a test that only needs to know whether the worker died. */
export function mortal(engine: Engine, at: number, when: "before" | "after") {
  const { engine: dying, seen } = crashing(engine, at, when);
  const life = {
    get died() {
      return seen.crashed;
    },
  };
  return { engine: dying, life };
}

/** Lets a step's messages die until the engine ends the step: those of its first attempt, and those of its second. */
export async function letMessagesDie(memory: MemoryEngine, message: StepMessage): Promise<void> {
  for (let attempt = 1; attempt <= lossLimits.delivery + 1; attempt += 1) {
    await failDeadLetter(memory.engine, { ...message, attempt });
    memory.clock.moveTo(memory.clock.now() + 3_600_000);
  }
}
