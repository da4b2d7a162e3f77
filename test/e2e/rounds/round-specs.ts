import { hashOf, Random } from "../../simulation/random.ts";
import { generatePureSpec } from "../../simulation/spec/generate-spec.ts";
import type { OverSpec, PipelineSpec, PureStepSpec, StepSpec } from "../../simulation/spec/pipeline-spec.ts";

/** Pipelines of one round. */
export const pipelinesPerRound = 6;

/** Most items of a list: each may become a process, and they all share two cores. */
const longest = 3;

/** Seconds between two tries of a step: virtual time would not mind more. */
const retryDelay = 0.3;

/** Seconds that a function may take: many times what it does, and little enough to soon give up a killed worker. */
export const functionTimeout = 12;

function shortOver(over: OverSpec): OverSpec {
  return over.form === "literal" ? { ...over, size: Math.min(over.size, longest) } : over;
}

/** The same step, done in seconds of real time. */
function quick({ work, over, retries, ...step }: PureStepSpec): StepSpec {
  return {
    ...step,
    work: { ...work, list: Math.min(work.list, longest) },
    retries: { ...retries, delay: retryDelay },
    ...(work.kind === "lambda" && { timeout: functionTimeout }),
    ...(over && { over: shortOver(over) }),
  };
}

/** Pipelines of the simulator's generator, by the names under which they are deployed. */
export function specsOf(seed: number, rounds: number): ReadonlyMap<string, PipelineSpec> {
  return new Map(
    Array.from({ length: rounds * pipelinesPerRound }, (_, place) => {
      const { steps } = generatePureSpec(new Random(hashOf(seed, `spec ${place}`)));
      return [`random-${place}`, { steps: steps.map(quick) }];
    }),
  );
}

/** Of each round the first pipeline has one run at a time. */
export function hasOneSlot(place: number): boolean {
  return place % pipelinesPerRound === 0;
}

/** Of each round the second pipeline is also run as a child: by the pipeline of this name. */
export function parentOf(place: number): string | undefined {
  return place % pipelinesPerRound === 1 ? `parent-${place}` : undefined;
}
