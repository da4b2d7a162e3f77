import { noticeOf } from "../notice/run-notice.ts";
import type { StepFunction } from "../pipeline/step-function.ts";
import type { Engine } from "../ports/engine.ts";
import { noticeNamed } from "../run/after-run-step.ts";
import { type EndedRun, isEnded } from "../state/run.ts";
import type { StepWork } from "./step-work.ts";

/** Location of the log of the attempt that failed a run, if its record has one. */
async function logOfFailure(engine: Engine, { runId, error }: EndedRun): Promise<string | undefined> {
  const [, step, index = "0"] = /^([^[]+)(?:\[(\d+)\])?$/.exec(error?.step ?? "") ?? [];
  if (step === undefined) return undefined;
  const record = await engine.store.getStep({ runId, step, index: Number(index) });
  return record !== undefined && "error" in record ? record.error?.log : undefined;
}

/**
 * The function of a notice's step: it reports the run's end, and has no result.
 *
 * @returns undefined if the step isn't a notice
 */
export function noticeFunction(engine: Engine, { run, graph, node }: StepWork): StepFunction | undefined {
  const notice = noticeNamed(graph, node.name);
  if (notice === undefined || !isEnded(run)) return undefined;
  const { name, to } = notice;
  const key = `${run.runId}.${run.epoch}.${run.state}.${name}`;
  return async (_input, { signal }) => {
    const log = await logOfFailure(engine, run);
    await engine.notifier.send({ to, notice: noticeOf(engine.stage, run, graph, log), key }, signal);
    return null;
  };
}
