import { doneBy } from "../pipeline/task-kinds.ts";
import type { Engine } from "../ports/engine.ts";
import type { WatchedStep } from "../ports/watchdog.ts";
import { nodeOf } from "../run/run-graph.ts";
import { engineError, type Failure } from "../state/failure.ts";
import { stepLabel } from "../state/step-record.ts";
import { commitOutcome } from "../step/commit-outcome.ts";
import { askUntil } from "../step/kept-outcome.ts";
import { releaseAlone, releaseStep } from "../step/release-step.ts";
import { hintFor, type StepWork } from "../step/step-work.ts";

/** A worker whose event loop is blocked, seen from outside of that loop. */
export type BlockedWorker = {
  /** Milliseconds since anything else last ran there. */
  readonly blockedFor: number;
  /** The steps that it holds. */
  readonly held: readonly WatchedStep[];
  /** The steps whose functions haven't ended. One of them is what blocks. */
  readonly running: readonly WatchedStep[];
};

/** The step that blocks its worker; undefined if it may be one of several. */
export function blockerOf({ running }: BlockedWorker): WatchedStep | undefined {
  return running.length === 1 ? running[0] : undefined;
}

const isSame = (one: WatchedStep, other: WatchedStep | undefined) =>
  other !== undefined &&
  one.runId === other.runId &&
  one.step === other.step &&
  one.index === other.index &&
  one.version === other.version;

/** The failure of a function that blocked its worker until its time was over. */
function blocked(engine: Engine, { node }: StepWork, { step, index }: WatchedStep): Failure {
  const label = stepLabel(step, node.over === undefined ? undefined : index);
  const message = `took longer than ${node.timeout} s: step ${label} blocked its worker, as it computes or waits without a pause`;
  const remedy = "Divide its work with await, raise its timeout, or make it a batch job.";
  const { logPlace: log } = engine;
  return {
    error: { ...engineError("TIMEOUT", message, remedy), ...(log !== undefined && { log }) },
    retryable: true,
    timedOut: true,
  };
}

async function endOne(
  engine: Engine,
  held: WatchedStep,
  worker: BlockedWorker,
  deadline: number,
): Promise<void> {
  const run = await askUntil(engine, deadline, () => engine.store.getRun(held.runId));
  const found = run && (await askUntil(engine, deadline, () => nodeOf(engine, run, held.step)));
  if (run === undefined || found === undefined) return;
  const work: StepWork = { run, ...found };
  const blocker = blockerOf(worker);
  if (isSame(held, blocker)) {
    const failure = blocked(engine, work, held);
    return commitOutcome(engine, work, { ...held, alone: true }, { failure }, deadline);
  }
  const isFunction = doneBy(work.node.task) === "worker" && held.index !== "map";
  if (blocker === undefined && isFunction) return releaseAlone(engine, work, held, deadline);
  await releaseStep(engine, run, held, deadline);
  await engine.queue.send([hintFor(held, run.epoch)]);
}

/**
 * Records what became of the steps of a blocked worker, in its place. If one function ran there, it is what blocks: its
 * attempt has timed out. Of several, we can't tell which one blocks. So each is released and goes on in a worker of its
 * own, where a block is then certain. No worker counts as lost.
 *
 * @param deadline when this must have ended, epoch milliseconds
 */
export async function endBlocked(engine: Engine, worker: BlockedWorker, deadline: number): Promise<void> {
  const steps = worker.running.map(({ runId, step, index, attempt }) => ({ runId, step, index, attempt }));
  engine.log.error("a worker is blocked by one of these steps and is ended", {
    steps,
    milliseconds: worker.blockedFor,
  });
  const ends = await Promise.allSettled(worker.held.map((held) => endOne(engine, held, worker, deadline)));
  for (const [place, end] of ends.entries()) {
    if (end.status === "fulfilled") continue;
    const { runId, step, index } = worker.held[place] ?? {};
    engine.log.error("a step of a blocked worker stays held until its lease ends", {
      ...{ runId, step, index },
      error: end.reason,
    });
  }
}
