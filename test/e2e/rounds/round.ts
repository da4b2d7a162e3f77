import type { Catalogue } from "../../../local/stack/deploy-catalogue.ts";
import { hashOf, Random } from "../../simulation/random.ts";
import type { PipelineSpec } from "../../simulation/spec/pipeline-spec.ts";
import { type DeployedService, keepTicking } from "../deployed-service.ts";
import { RoundChecks } from "./checks.ts";
import { type FaultCounts, injectFaults } from "./inject-faults.ts";
import { actionOf, deliver, interfere, isUnanswered, type OperatorAction, settle } from "./people.ts";
import { ResultWatch } from "./result-watch.ts";
import { hasOneSlot, parentOf, pipelinesPerRound, specsOf } from "./round-specs.ts";

const family = "test/e2e/jobs/sim";

/** The catalogue that this many rounds of a seed deploy. */
export function roundsCatalogue(seed: number, rounds: number): Catalogue {
  const works = [...specsOf(seed, rounds)].map(([name, { steps }]) => [
    name,
    Object.fromEntries(steps.map((step) => [step.name, step.work])),
  ]);
  return {
    index: [
      'import { roundPipelines } from "../test/e2e/rounds/round-pipelines.ts";',
      `export const pipelines = roundPipelines(${seed}, ${rounds});`,
    ].join("\n"),
    sources: [
      ...["round-pipelines.ts", "round-specs.ts"].map((file) => `test/e2e/rounds/${file}`),
      ...["random.ts", "spec"].map((source) => `test/simulation/${source}`),
    ],
    families: [family],
    files: { "batch-jobs/sim/specs.json": JSON.stringify(Object.fromEntries(works)) },
  };
}

type Planned = {
  pipeline: string;
  spec: PipelineSpec;
  operatorAction: OperatorAction;
  key: string;
  /** The object that the run waits for, if it has a run of the spec as its child. */
  object?: string;
};

function placesOf(round: number): number[] {
  return Array.from({ length: pipelinesPerRound }, (_, offset) => round * pipelinesPerRound + offset);
}

/** The runs of a round: two of each pipeline, and two of each pipeline that has one of them as its child. */
function runsOf(seed: number, round: number, random: Random): Planned[] {
  const first = round * pipelinesPerRound;
  const specs = [...specsOf(seed, round + 1)].slice(first);
  return specs.flatMap(([name, spec], offset) => {
    const parent = parentOf(first + offset);
    const names = [name, ...(parent === undefined ? [] : [parent])];
    return names.flatMap((pipeline) =>
      ["one", "two"].map((key) => {
        const object = pipeline === parent && { object: `raw/rounds/${round}/${key}` };
        return { pipeline, spec, operatorAction: actionOf(random), key, ...object };
      }),
    );
  });
}

/** The result of a round. */
export type RoundResult = FaultCounts & {
  readonly runs: number;
  readonly results: number;
  readonly states: string;
  readonly violations: readonly string[];
};

/** Starts a run, and repeats the start if its answer was lost. Both give the same run. */
async function startUntilAnswered(
  service: DeployedService,
  { pipeline, key, object }: Planned,
  scheduledAt: string,
) {
  for (;;) {
    try {
      const request = { pipeline, key, scheduledAt, ...(object !== undefined && { params: { object } }) };
      return (await service.start(request)).runId;
    } catch (error) {
      if (!isUnanswered(error)) throw error;
    }
  }
}

/**
 * Runs random pipelines under random trouble, and checks the results.
 *
 * @param milliseconds how long the trouble lasts; after it, the runs are left to end
 */
export async function liveRound(
  service: DeployedService,
  seed: number,
  round: number,
  milliseconds: number,
): Promise<RoundResult> {
  const random = new Random(hashOf(seed, `round ${round}`));
  const planned = runsOf(seed, round, random);
  const scheduledAt = new Date().toISOString();
  const stopTicking = keepTicking(service, 2500);
  const watch = new ResultWatch(service);
  const checks = new RoundChecks(service);
  try {
    const runIds = await Promise.all(planned.map((plan) => startUntilAnswered(service, plan, scheduledAt)));
    watch.begin(runIds);
    const until = Date.now() + milliseconds;
    const [trouble] = await Promise.all([
      injectFaults(service, random, milliseconds),
      ...planned.map(({ object }) => object && deliver(service, object, random, until)),
      ...planned.map(({ operatorAction }, place) =>
        interfere(
          service,
          runIds[place] ?? "",
          operatorAction,
          new Random(hashOf(seed, `${round} ${place}`)),
          until,
        ),
      ),
    ]);
    const ended = await Promise.all(
      planned.map(({ operatorAction }, place) => settle(service, runIds[place] ?? "", operatorAction)),
    );
    for (const [place, run] of ended.entries()) {
      const plan = planned[place];
      if (plan?.object !== undefined) await checks.checkParent(run, plan.spec, plan.object);
      else if (plan) await checks.checkRun(run, plan.spec);
    }
    const limits = placesOf(round)
      .filter(hasOneSlot)
      .map((place) => `pipeline/random-${place}`);
    await checks.checkStack(new Set(runIds), limits);
    const results = await watch.end();
    const states = ended.map(({ state, epoch }) => `${state} ${epoch}`).sort();
    return {
      ...trouble,
      runs: ended.length,
      results,
      states: states.join(", "),
      violations: [...watch.violations, ...checks.violations],
    };
  } finally {
    await watch.end();
    await stopTicking();
  }
}
