import { isPure, type OverSpec, type PipelineSpec, type StepSpec } from "./pipeline-spec.ts";

function overWithout(over: OverSpec, gone: string): OverSpec {
  if (over.form === "literal") return over;
  const names = over.form === "flatten" ? over.steps : [over.step];
  return names.includes(gone) ? { form: "literal", size: 2 } : over;
}

/** Repairs a step that may have lost all steps before it. A rule is about those steps, so without any it's an error. */
function fitting(step: StepSpec): StepSpec {
  const { rule: _rule, ...others } = step;
  const { uses, after, over, when } = step;
  const follows =
    uses.length + after.length > 0 || when !== undefined || (over !== undefined && over.form !== "literal");
  return follows ? step : others;
}

/** A step without its references to a step that is gone. */
function stepWithout({ when, over, ...step }: StepSpec, gone: string): StepSpec {
  return {
    ...step,
    uses: step.uses.filter((name) => name !== gone),
    after: step.after.filter((name) => name !== gone),
    ...(over && { over: overWithout(over, gone) }),
    ...(when && when.step !== gone && { when }),
  };
}

/** Turns a step of a special kind into a function, or a child into a smaller child. */
function simplerOthers(step: StepSpec): StepSpec[] {
  const { work } = step;
  const plain: StepSpec = { ...step, work: { kind: "lambda", list: 0 } };
  if (work.kind !== "child") return [plain];
  const smaller = [...smallerSpecs(work.pipeline)];
  return [plain, ...smaller.map((pipeline): StepSpec => ({ ...step, work: { kind: "child", pipeline } }))];
}

/** Simpler forms of one step, the simplest first. */
function simplerSteps(step: StepSpec): StepSpec[] {
  const { when, over, work, ...plain } = step;
  const { size, ...ordinary } = step;
  const kept = { ...plain, work, ...(when && { when }), ...(over && { over }) };
  if (!isPure(work)) return simplerOthers(step);
  const { failing, big, ...pure } = work;
  const { asFunction, ...onMachines } = work;
  const simpler: (StepSpec | false | undefined)[] = [
    size && ordinary,
    when && { ...plain, work, ...(over && { over }) },
    over && { ...plain, work, ...(when && { when }) },
    over !== undefined && over.form !== "literal" && { ...kept, over: { form: "literal", size: 2 } },
    over?.form === "literal" &&
      over.size > 1 && { ...kept, over: { form: "literal", size: Math.floor(over.size / 2) } },
    failing && { ...kept, work: { ...pure, ...(big && { big }) } },
    big && { ...kept, work: { ...pure, ...(failing && { failing }) } },
    asFunction && { ...kept, work: onMachines },
    work.kind === "batch" && { ...kept, work: { ...work, kind: "lambda" } },
    work.list > 0 && { ...kept, work: { ...work, list: Math.floor(work.list / 2) } },
    step.retries.limit > 0 && { ...kept, retries: { ...step.retries, limit: step.retries.limit - 1 } },
    step.retries.delay !== undefined && { ...kept, retries: { limit: step.retries.limit } },
    step.uses.length > 0 && { ...kept, uses: step.uses.slice(1) },
    step.after.length > 0 && { ...kept, after: step.after.slice(1) },
  ];
  return simpler.filter((each): each is StepSpec => typeof each === "object");
}

/** Pipelines that are a little smaller than this one: one step fewer, or a simpler step. */
export function* smallerSpecs(spec: PipelineSpec): Generator<PipelineSpec> {
  const { steps } = spec;
  const options = [
    ...(["hooks", "followed", "runs", "maxActiveRuns"] as const),
    ...(["cancelsNew", "queue", "timeout", "startsIn"] as const),
    ...(["priorities", "backfills"] as const),
  ];
  for (const option of options) {
    const { [option]: gone, ...others } = spec;
    if (gone !== undefined) yield others;
  }
  for (const gone of spec.backfills ?? [])
    yield { ...spec, backfills: spec.backfills?.filter((each) => each !== gone) ?? [] };
  for (const gone of steps.toReversed()) {
    if (steps.length === 1) break;
    yield {
      ...spec,
      steps: steps.filter((step) => step !== gone).map((step) => fitting(stepWithout(step, gone.name))),
    };
  }
  for (const [place, step] of steps.entries()) {
    for (const simpler of simplerSteps(step)) yield { ...spec, steps: steps.with(place, fitting(simpler)) };
  }
}
