import { hashOf, Random } from "../../simulation/random.ts";
import { generatePureSpec } from "../../simulation/spec/generate-spec.ts";
import type { OverSpec, PipelineSpec, PureStepSpec, StepSpec } from "../../simulation/spec/pipeline-spec.ts";

/** How many pipelines a round has. */
export const pipelinesPerRound = 6;

/** Max. length of a list. Each item may become a process, and they all share two cores. */
const maxSeconds = 3;

/** Seconds between two tries of a step. It's short, because these tests run in real time. */
const retryDelay = 0.3;

/** How many seconds a function may take: many times what it needs, but few enough to give up a killed worker soon. */
export const functionTimeout = 12;

function shortOver(over: OverSpec): OverSpec {
  return over.form === "literal" ? { ...over, size: Math.min(over.size, maxSeconds) } : over;
}

/** The same step, reduced to seconds of real time. */
function quick({ work, over, retries, ...step }: PureStepSpec): StepSpec {
  return {
    ...step,
    work: { ...work, list: Math.min(work.list, maxSeconds) },
    retries: { ...retries, delay: retryDelay },
    ...(work.kind === "lambda" && { timeout: functionTimeout }),
    ...(over && { over: shortOver(over) }),
  };
}

/** Pipelines from the simulator's generator, by their deployed names. */
export function specsOf(seed: number, rounds: number): ReadonlyMap<string, PipelineSpec> {
  return new Map(
    Array.from({ length: rounds * pipelinesPerRound }, (_, place) => {
      const { steps } = generatePureSpec(new Random(hashOf(seed, `spec ${place}`)));
      return [`random-${place}`, { steps: steps.map(quick) }];
    }),
  );
}

/** Whether this is the first pipeline of its round, which has one run at a time. */
export function hasOneSlot(place: number): boolean {
  return place % pipelinesPerRound === 0;
}

/** The pipeline that runs this one as its child, if this is the second pipeline of its round. */
export function parentOf(place: number): string | undefined {
  return place % pipelinesPerRound === 1 ? `parent-${place}` : undefined;
}
