import type { Graph } from "../pipeline/graph.ts";
import { copyJson, type Json, type JsonObject } from "../pipeline/json.ts";
import { MillraceError } from "../pipeline/millrace-error.ts";
import type { RunTrigger } from "../pipeline/pipeline.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import type { Dependant } from "../run/dependants.ts";
import { ParamsError } from "../run/run-errors.ts";
import { type StartedRun, startRun } from "../run/start-run.ts";
import { type Failure, failureOf, fatal } from "../state/failure.ts";
import { type EndedRun, isEnded } from "../state/run.ts";
import type { HeldStep } from "../state/step-record.ts";
import { failAttempt, succeedAttempt } from "./finish-attempt.ts";
import { failureOfData } from "./read-or-fail.ts";
import { resultOf } from "./run-result.ts";
import type { StepWork } from "./step-work.ts";

/** The `params` function of a trigger threw. */
class TriggerError extends MillraceError {
  constructor(thrown: unknown) {
    const { name, message } = failureOf(thrown).error;
    super("TRIGGER_FAILED", `the params function of its trigger threw ${name}: ${message}`);
  }
}

function paramsFor({ stage }: Engine, { params }: RunTrigger, run: EndedRun, result: Json): JsonObject {
  const { runId: id, pipeline, name, scheduledAt, startedAt, endedAt } = run;
  const facts = { id, pipeline, name, scheduledAt, startedAt, endedAt };
  const { name: stageName, gpus } = stage;
  try {
    // The function gets copies, so that it can change them without affecting anything else.
    return params({
      ...{ ...facts, params: copyJson(run.params), result: copyJson(result) },
      stage: { name: stageName, gpus },
    });
  } catch (thrown) {
    throw new TriggerError(thrown);
  }
}

async function start(
  engine: Engine,
  run: EndedRun,
  graph: Graph,
  { pipeline, trigger }: Dependant,
): Promise<StartedRun> {
  const params = paramsFor(engine, trigger, run, await resultOf(engine, run, graph));
  const { runId, scheduledAt } = run;
  return startRun(engine, {
    pipeline: pipeline.name,
    params,
    scheduledAt,
    cause: { kind: "run", pipeline: run.pipeline, runId },
    causeKey: JSON.stringify(["succeeded", runId]),
  });
}

/** Why a run can't start, if trying again can't help. */
function startFailure(thrown: unknown): Failure | undefined {
  if (thrown instanceof ParamsError) return fatal("INVALID_INPUT", thrown.message);
  if (thrown instanceof TriggerError) return failureOf(thrown);
  return failureOfData(thrown);
}

/**
 * Starts the run of a pipeline that follows a run's success. Its id follows from the successful run. A run succeeds
 * once, so it's always the same run, whichever worker starts it and however often. If its parameters can't be computed,
 * this step fails and the failure is reported, but the successful run doesn't change. If AWS refuses for the moment,
 * the error is thrown and the message comes back.
 */
export async function startDependant(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
  dependant: Dependant,
): Promise<void> {
  const { run, graph } = work;
  if (!isEnded(run)) throw new TypeError(`run ${run.runId} has not ended; nothing follows it yet`);
  try {
    const { runId } = await start(engine, run, graph, dependant);
    await succeedAttempt(engine, work, held, { runId });
  } catch (thrown) {
    const failure = startFailure(thrown);
    if (failure === undefined) throw thrown;
    const pipeline = dependant.pipeline.name;
    const remedy = `Correct the trigger of ${pipeline}, deploy, and start it by hand.`;
    const { stack: _stack, ...failed } = failure.error;
    const error = { ...failed, remedy };
    engine.log.error("run not started", { runId: run.runId, pipeline, error });
    engine.meter.count("RunNotStarted", { pipeline });
    await failAttempt(engine, work, held, { error, retryable: false });
  }
}
