import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { dynamoRunStore } from "../../../shared/adapters/aws/dynamo-run-store.ts";
import { dynamoClient } from "../../../shared/adapters/aws/dynamo-table.ts";
import {
  approval,
  child,
  definePipeline,
  FatalError,
  gte,
  lambda,
  type Pipeline,
  RetryAfter,
  repeat,
  wait,
} from "../../../shared/pipeline/index.ts";
import type { RunStore } from "../../../shared/ports/run-store.ts";
import { hashOf } from "../../simulation/random.ts";
import { defineSpec, type LambdaBody } from "../../simulation/spec/define-spec.ts";
import { failuresOf, isPure } from "../../simulation/spec/pipeline-spec.ts";
import { outputOf } from "../../simulation/spec/pure-work.ts";
import { functionTimeout, hasOneSlot, parentOf, specsOf } from "./round-specs.ts";

let opened: RunStore | undefined;

/** The engine's own store. A body reads there how often it has failed, to decide whether it fails again. */
function ownStore(): RunStore {
  opened ??= dynamoRunStore({ client: dynamoClient(), name: process.env.TABLE_NAME ?? "" });
  return opened;
}

/** Takes up to half a second, fails as its spec says, and returns what the oracle predicts. */
const body: LambdaBody = async (step, input, { runId, index }) => {
  await delay(hashOf(index, JSON.stringify([runId, step.name])) % 500);
  const { work } = step;
  if (!isPure(work)) throw new TypeError(`step ${step.name} has no body`);
  const { failing } = work;
  if (failing !== undefined) {
    const record = await ownStore().getStep({ runId, step: step.name, index });
    if (record === undefined) throw new Error(`step ${step.name}[${index}] runs and has no record`);
    if (record.failures < failuresOf(failing, index, record.epoch)) {
      if (failing.how === "fatal") throw new FatalError("it fails for good");
      throw failing.how === "after" ? new RetryAfter("it fails for now", 1) : new Error("it fails");
    }
  }
  return outputOf(work, step.name, index, input);
};

const quickly = { timeout: functionTimeout };

/** A pipeline that runs another one as its child, and also waits for an object, a person and the clock. */
function parentNamed(name: string, pipeline: Pipeline): Pipeline {
  return definePipeline({ name, params: z.strictObject({ object: z.string() }) }, ({ params, step, map }) => {
    const made = step("child", child(pipeline, {}));
    const object = step("object", wait({ object: params.object, deadline: 3600 }));
    const answer = step("ask", approval({ deadline: 3600 }), { after: [object] });
    const waited = map("wait", [0.5, 0.1], (seconds) => wait({ seconds }), { after: [made] });
    const passed = lambda({ waited }, (_input, { attempt }) => ({ attempt }));
    const often = repeat(passed, { until: (last) => gte(last.attempt, 3), limit: 5, delay: 0.2 });
    const passes = step("passes", often, quickly);
    const ends = lambda({ object, by: answer.by, passes }, ({ object, by }) => ({ uri: object.uri, by }));
    step("after", ends, quickly);
  });
}

/** The pipelines that a seed's rounds deploy. */
export function roundPipelines(seed: number, rounds: number): Pipeline[] {
  return [...specsOf(seed, rounds)].flatMap(([name, spec], place) => {
    const pipeline = defineSpec(name, spec, body);
    const parent = parentOf(place);
    const limited = { ...pipeline, concurrency: { ...pipeline.concurrency, maxActiveRuns: 1 } };
    return [
      hasOneSlot(place) ? limited : pipeline,
      ...(parent === undefined ? [] : [parentNamed(parent, pipeline)]),
    ];
  });
}
