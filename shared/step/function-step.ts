import { copyJson, type Json } from "../pipeline/json.ts";
import { MillraceError } from "../pipeline/millrace-error.ts";
import type { StepFunction } from "../pipeline/step-function.ts";
import { isThrottling } from "../platform/throttling.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import type { Watch } from "../ports/watchdog.ts";
import { commitReserve } from "../run/tail-call.ts";
import { codeMissing, engineError, type Failure, failureOf } from "../state/failure.ts";
import { type HeldStep, indexOf, stepLabel } from "../state/step-record.ts";
import { AttemptGuard } from "./attempt-guard.ts";
import { findCached } from "./cached-result.ts";
import { commitOutcome, type Outcome } from "./commit-outcome.ts";
import { failAttempt, useCached } from "./finish-attempt.ts";
import { noticeFunction } from "./notice-step.ts";
import { readOrFail } from "./read-or-fail.ts";
import { releaseAlone } from "./release-step.ts";
import { contextFor } from "./step-context.ts";
import { inputOf } from "./step-input.ts";
import type { StepWork } from "./step-work.ts";

/** The result as JSON. A value that can't be stored is an error here and not a surprise later. */
function asJson(result: unknown): Json {
  try {
    const text = JSON.stringify(result ?? null);
    if (text !== undefined) return JSON.parse(text) as Json;
  } catch (cause) {
    throw new MillraceError("RESULT_NOT_JSON", `the step's function returned no JSON: ${String(cause)}`);
  }
  throw new MillraceError(
    "RESULT_NOT_JSON",
    `the step's function returned a ${typeof result}, which is not JSON`,
  );
}

/** Resolves once a signal is aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Milliseconds by which a timer may fire before its time. */
const timerSlack = 1;

/** Milliseconds of a lease that no function uses, because a result has to be committed within the lease. */
const leaseReserve = 2000;

/**
 * The time of one call of a function. It ends when the function has had its time. What others in the worker took from
 * it, because they blocked the event loop, is added as far as the lease and the worker's own time go.
 */
class AllowedTime {
  private readonly engine: Engine;
  private readonly begun: number;
  private readonly latest: number;
  private readonly watch: Watch;
  /** Milliseconds for which the function itself has blocked the worker, as far as is known. */
  private own = 0;
  /** Milliseconds. */
  readonly allowed: number;

  constructor(engine: Engine, work: StepWork, held: HeldStep & StoredStep, deadline: number) {
    this.engine = engine;
    this.begun = engine.clock.now();
    const left = Math.min(deadline - commitReserve, held.leaseUntil) - this.begun;
    this.allowed = Math.min(work.node.timeout * 1000, left);
    // It's too late to begin. The message comes back to a worker that has the time.
    if (this.allowed <= 0)
      throw new MillraceError("NO_TIME_LEFT", `this worker has no time left to run step ${work.node.name}`);
    this.latest = Math.max(
      this.begun + this.allowed,
      Math.min(deadline - commitReserve, held.leaseUntil - leaseReserve),
    );
    this.watch = engine.watchdog.run(held, this.begun + this.allowed);
  }

  /** When it ends, as far as is known now: epoch milliseconds. */
  get until(): number {
    return Math.min(this.begun + this.allowed + this.stolen, this.latest);
  }

  private get stolen(): number {
    return Math.max(0, this.watch.stolen() - this.own);
  }

  get isOver(): boolean {
    return this.engine.clock.now() >= this.until - timerSlack;
  }

  /** Whether it ended although the function hasn't had all of its time, because others took too much of it. */
  get wasStolen(): boolean {
    return this.engine.clock.now() - this.begun - this.stolen < this.allowed - timerSlack;
  }

  /** Calls the function. Until its first await, it alone blocks the worker. */
  begin<T>(run: () => T): T {
    const before = this.engine.clock.now();
    try {
      return run();
    } finally {
      this.own = this.engine.clock.now() - before;
    }
  }

  /** Resolves to true once it's over, and to false if `stop` is aborted before. */
  async passed(stop: AbortSignal): Promise<boolean> {
    while (!this.isOver) {
      this.watch.extend(this.until);
      const timer = this.engine.clock.deadline(this.until - this.engine.clock.now());
      await Promise.race([aborted(timer.signal), aborted(stop)]);
      timer.clear();
      if (stop.aborted) return false;
    }
    return true;
  }

  /** Ends the watch. */
  end(): void {
    this.watch.end();
  }
}

function timedOut({ allowed }: AllowedTime): Outcome {
  const message = `took longer than ${Math.round(allowed / 1000)} s`;
  const error = engineError("TIMEOUT", message, "Raise the step's timeout, or make it a batch job.");
  return { failure: { error, retryable: true, timedOut: true } };
}

function failureOfFunction(thrown: unknown): Failure {
  // AWS throttled a call of the function, or one that the engine made for it.
  return { ...failureOf(thrown), ...(isThrottling(thrown) && { lostTo: "throttling" }) };
}

/** Milliseconds of a lease or a worker's time that are left for a commit when calls don't end. */
const settleReserve = 1000;

/** Waits until what a function began through its context is done, but not longer than its lease allows. */
async function settledBy(engine: Engine, guard: AttemptGuard, until: number): Promise<void> {
  if (!guard.isBusy) return;
  const timer = engine.clock.deadline(Math.max(0, until - engine.clock.now()));
  await Promise.race([guard.settled(), aborted(timer.signal)]);
  timer.clear();
}

/**
 * Calls a function. When this returns, nothing that the function still does has an effect, and what it began through
 * its context before is done.
 *
 * @returns `stolen` if the function hasn't had its time, because others blocked its worker
 */
async function call(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
  run: StepFunction,
  input: Json,
  deadline: number,
): Promise<Outcome | "stolen"> {
  const time = new AllowedTime(engine, work, held, deadline);
  const label = `attempt ${held.attempt} of step ${stepLabel(held.step, work.node.over === undefined ? undefined : held.index)}`;
  const guard = new AttemptGuard(label, () => time.isOver);
  const over = new AbortController();
  const finished = new AbortController();
  const context = contextFor(engine, work, held, over.signal, guard);
  const passed = time.passed(finished.signal);
  const ending = (async (): Promise<Outcome> => {
    try {
      return { output: asJson(await time.begin(() => run(copyJson(input) as never, context))) };
    } catch (thrown) {
      return { failure: failureOfFunction(thrown) };
    }
  })();
  // A function that goes on after its time can still block the worker, so it's watched until it ends.
  void ending.then(() => time.end());
  const timeout = passed.then<Outcome | "over">((isOver) => (isOver ? "over" : ending));
  const first = await Promise.race([ending, timeout]);
  finished.abort();
  // Code that blocks the event loop also blocks its timer: then only the clock says that the time is over.
  const isLate = first === "over" || time.isOver;
  guard.end(isLate ? "it took longer than its timeout" : "its function has returned");
  if (isLate) over.abort();
  const wasStolen = time.wasStolen;
  await settledBy(engine, guard, Math.min(held.leaseUntil, deadline) - settleReserve);
  if (!isLate) return first;
  return wasStolen ? "stolen" : timedOut(time);
}

/**
 * Runs the function of a lambda step and commits its result or failure.
 *
 * @param deadline when the worker must have ended, epoch milliseconds
 */
export async function runFunctionStep(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
  deadline: number,
): Promise<void> {
  const { run, node } = work;
  const code = noticeFunction(engine, work) ?? engine.pipelines.get(run.pipeline)?.functions.get(node.name);
  if (code === undefined) {
    const message = `the deployed code of ${run.pipeline} has no function for step "${node.name}"`;
    return failAttempt(engine, work, held, codeMissing(held, message));
  }
  const input = await readOrFail(engine, work, held, () => inputOf(engine, work, indexOf(held)));
  if (input === undefined) return;
  const index = indexOf(held);
  const kept = (await findCached(engine, work, new Map([[index, input.value]]))).get(index);
  if (kept !== undefined) return useCached(engine, work, held, kept);
  const outcome = await call(engine, work, held, code, input.value, deadline);
  if (outcome === "stolen") return releaseAlone(engine, work, held, deadline);
  if ("output" in outcome) return commitOutcome(engine, work, held, outcome, deadline);
  const { failure } = outcome;
  const log = engine.logPlace;
  const told = { ...failure, error: { ...failure.error, ...(log !== undefined && { log }) } };
  await commitOutcome(engine, work, held, { failure: told }, deadline);
}
