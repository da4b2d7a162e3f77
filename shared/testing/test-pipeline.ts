import { checkTimes } from "../pipeline/check-times.ts";
import type { NoticeTarget } from "../pipeline/graph.ts";
import { copyJson, type Json } from "../pipeline/json.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { localStage } from "../ports/engine.ts";
import type { RunNotice } from "../ports/notifier.ts";
import { isAfterRunStep } from "../run/after-run-step.ts";
import { startRun } from "../run/start-run.ts";
import { knownSteps } from "../state/read-step.ts";
import type { RunError, RunState } from "../state/run.ts";
import { hasResult, type StepError, type StepRecord, stepLabel } from "../state/step-record.ts";
import { loadValue } from "../step/stored-value.ts";
import { MemoryEngine } from "./memory-engine.ts";
import { type GivenAnswer, type GivenObject, OutsideWorld } from "./outside-world.ts";
import type { JobFunction } from "./run-job.ts";

/** Options for running a pipeline in a test. */
export type TestOptions = {
  params?: Json;
  /** Stand-ins for the Batch jobs, by job name such as `ridge.train`. */
  jobs?: Readonly<Record<string, JobFunction>>;
  /** ISO 8601; 2021-01-01 if omitted. */
  scheduledAt?: string;
  /** Pipelines that replace children with the same name. The pipeline's own children needn't be listed. */
  pipelines?: readonly Pipeline[];
  /**
   * People's answers to approvals of this run and of the runs that work for it, by step: `step`, or `step[2]` for a
   * child of a map.
   */
  approvals?: Readonly<Record<string, GivenAnswer>>;
  /** Objects that land in the data bucket. */
  objects?: readonly GivenObject[];
  /** The stage to run in, for notices; `local` if omitted. */
  stage?: string;
};

/** How the run ended. Children of mapped steps are named `step[index]`. */
export type TestResult = {
  runId: string;
  state: RunState;
  error?: RunError;
  /** Final state of every step and child with a stored record. */
  states: Readonly<Record<string, StepRecord["state"]>>;
  /** Result of every step that succeeded; for a mapped step, the list of its children's results. */
  outputs: Readonly<Record<string, Json>>;
  errors: Readonly<Record<string, StepError>>;
  /** Names of the steps in the order in which they began. */
  order: readonly string[];
  /** Virtual milliseconds from start to end. */
  milliseconds: number;
  /** The notices that were sent about its end, and about the ends of the runs that worked for it. */
  notices: readonly SentNotice[];
};

/** A notice that would have been sent. */
export type SentNotice = { to: NoticeTarget["kind"]; notice: RunNotice };

function nameOf(record: StepRecord, mapped: ReadonlySet<string>): string {
  return stepLabel(record.step, mapped.has(record.step) ? record.index : undefined);
}

/**
 * Runs a pipeline within the process. It uses the same engine as on AWS, virtual time, and stand-ins for the Batch
 * jobs.
 *
 * @throws PipelineDefinitionError if one of its schedules names no time
 * @throws ParamsError if the parameters don't fit
 * @throws StandInError if a job's stand-in returns something that isn't its contract's output
 * @throws StandstillError if the run can't end, for example because nobody answers an approval; the message says what
 * it waits for
 *
 * @example
 * ```ts
 * const result = await testPipeline(greet, { params: { name: "Ada" } });
 * expect(result.state).toBe("SUCCEEDED");
 * expect(result.outputs).toEqual({ say: "Hello, Ada" });
 * ```
 */
export async function testPipeline(pipeline: Pipeline, options: TestOptions = {}): Promise<TestResult> {
  checkTimes(pipeline);
  const scheduledAt = options.scheduledAt ?? "2021-01-01T00:00:00Z";
  const memory = new MemoryEngine(
    [pipeline, ...(options.pipelines ?? [])],
    options.jobs,
    Date.parse(scheduledAt),
  );
  const { stage = localStage.name } = options;
  memory.engine = { ...memory.engine, stage: { ...localStage, name: stage } };
  const { runId } = await startRun(memory.engine, {
    pipeline: pipeline.name,
    params: options.params ?? {},
    scheduledAt,
    cause: { kind: "manual" },
    causeKey: "test",
  });
  const run = await memory.finish(runId, new OutsideWorld(memory, runId, options));
  const milliseconds = memory.clock.now() - Date.parse(scheduledAt);
  // Lets its hooks and notices finish.
  while (await memory.turn());
  const mapped = new Set(
    pipeline.graph.steps.filter(({ over }) => over !== undefined).map(({ name }) => name),
  );
  const records = knownSteps(await memory.store.listSteps(runId)).filter(({ step }) => !isAfterRunStep(step));
  const outputs: Record<string, Json> = {};
  for (const { name } of pipeline.graph.steps) {
    const mine = records.filter(({ step, index }) => step === name && index !== "map");
    const values: Json[] = [];
    for (const record of mine)
      if (hasResult(record)) values.push(copyJson(await loadValue(memory.engine, record.output)));
    const [only] = values;
    const ran = records.some(({ step, state }) => step === name && state !== "SKIPPED");
    if (mapped.has(name) && ran) outputs[name] = values;
    else if (only !== undefined) outputs[name] = only;
  }
  const errors = records.flatMap((record) =>
    "error" in record && record.error !== undefined ? [[nameOf(record, mapped), record.error] as const] : [],
  );
  const begun = records.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt)).map(({ step }) => step);
  return {
    runId,
    state: run.state,
    ...(run.error && { error: run.error }),
    states: Object.fromEntries(records.map((record) => [nameOf(record, mapped), record.state])),
    outputs,
    errors: Object.fromEntries(errors),
    order: [...new Set(begun)],
    milliseconds,
    notices: memory.notifier.sent.map(({ to, notice }) => ({ to: to.kind, notice })),
  };
}
