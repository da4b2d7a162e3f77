import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import {
  child,
  definePipeline,
  FatalError,
  lambda,
  type Pipeline,
  RetryAfter,
  wait,
} from "../../../shared/pipeline/index.ts";
import { dynamoRunStore } from "../../../shared/store/dynamo-run-store.ts";
import { dynamoClient } from "../../../shared/store/dynamo-table.ts";
import type { RunStore } from "../../../shared/store/run-store.ts";
import { hashOf } from "../../simulation/random.ts";
import { defineSpec, type LambdaBody } from "../../simulation/spec/define-spec.ts";
import { failuresOf, isPure } from "../../simulation/spec/pipeline-spec.ts";
import { outputOf } from "../../simulation/spec/pure-work.ts";
import { hasOneSlot, parentOf, specsOf } from "./round-specs.ts";

let opened: RunStore | undefined;

/** The engine's own store: a body fails as often as its record has not yet failed. */
function ownStore(): RunStore {
  opened ??= dynamoRunStore({ client: dynamoClient(), name: process.env.TABLE_NAME ?? "" });
  return opened;
}

/** Takes up to half a second, fails as its spec says, and gives what the oracle foretells. */
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

function parentNamed(name: string, pipeline: Pipeline): Pipeline {
  return definePipeline({ name, params: z.strictObject({}) }, ({ step }) => {
    const made = step("child", child(pipeline, {}));
    const waited = step("wait", wait({ seconds: 0.5 }), { after: [made] });
    step(
      "after",
      lambda({ waited }, () => 1),
    );
  });
}

/** What the rounds of a seed deploy. */
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
