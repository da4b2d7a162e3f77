import { copyJson, type Json } from "../pipeline/json.ts";
import { MillraceError } from "../pipeline/millrace-error.ts";
import type { StepFunction } from "../pipeline/step-function.ts";
import { isThrottling } from "../platform/throttling.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { commitReserve } from "../run/tail-call.ts";
import { codeMissing, engineError, type Failure, failureOf } from "../state/failure.ts";
import { type HeldStep, indexOf } from "../state/step-record.ts";
import { findCached } from "./cached-result.ts";
import { failAttempt, succeedAttempt, useCached } from "./finish-attempt.ts";
import { noticeFunction } from "./notice-step.ts";
import { readOrFail } from "./read-or-fail.ts";
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

type Finish = { output: Json } | { failure: Failure };

async function call(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
  run: StepFunction,
  input: Json,
  deadline: number,
): Promise<Finish> {
  const { node } = work;
  const now = engine.clock.now();
  const allowed = Math.min(node.timeout * 1000, deadline - commitReserve - now, held.leaseUntil - now);
  // It's too late to begin. The message comes back to a worker that has the time.
  if (allowed <= 0)
    throw new MillraceError("NO_TIME_LEFT", `this worker has no time left to run step ${node.name}`);
  const timer = engine.clock.deadline(allowed);
  try {
    const context = contextFor(engine, work, held, timer.signal);
    const timedOut = new Promise<"timed out">((resolve) => {
      if (timer.signal.aborted) resolve("timed out");
      timer.signal.addEventListener("abort", () => resolve("timed out"), { once: true });
    });
    const finished = (async () => ({ output: asJson(await run(copyJson(input) as never, context)) }))();
    const first = await Promise.race([finished, timedOut]);
    if (first !== "timed out") return first;
    // Whatever the function still does, its result no longer counts.
    finished.catch(() => undefined);
    const message = `took longer than ${Math.round(allowed / 1000)} s`;
    const error = engineError("TIMEOUT", message, "Raise the step's timeout, or make it a batch job.");
    return { failure: { error, retryable: true, timedOut: true } };
  } catch (thrown) {
    // AWS throttled a call of the function, or one that the engine made for it.
    return { failure: { ...failureOf(thrown), ...(isThrottling(thrown) && { lostTo: "throttling" }) } };
  } finally {
    timer.clear();
  }
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
  const finish = await call(engine, work, held, code, input.value, deadline);
  if ("output" in finish) return succeedAttempt(engine, work, held, finish.output);
  const { failure } = finish;
  const log = engine.logPlace;
  await failAttempt(engine, work, held, {
    ...failure,
    error: { ...failure.error, ...(log !== undefined && { log }) },
  });
}
