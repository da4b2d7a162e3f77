import { aHeldStep } from "../../test/factories.ts";
import { functionMemory, functionQueue, type Resources } from "../pipeline/job.ts";
import { attemptResources, queuesOf, triesOfAttempt } from "./attempt-resources.ts";
import type { Losses } from "./step-record.ts";

const auto: Resources = {
  ...{
    runs: "auto",
    vcpus: 2,
    memory: [1024, 2048, 4096, 16_384],
    gpus: 0,
    timeoutSeconds: 600,
    queue: "cpu",
  },
};
const after = (losses: Losses) => aHeldStep({ step: "fit", losses });

describe("an attempt of a job that may run on Lambda", () => {
  const onLambda = { queue: functionQueue, memory: functionMemory, vcpus: 1.7, gpus: 0 };

  test("has what a family's function has, and no tries of Batch", () => {
    expect(attemptResources(auto, after({}))).toEqual(onLambda);
    expect(triesOfAttempt(auto, after({}))).toBeUndefined();
  });

  test.each<[string, Losses, object]>([
    ["its memory wasn't enough", { memory: 1 }, { queue: "cpu", memory: 4096, vcpus: 2 }],
    ["twice its memory wasn't enough", { memory: 2 }, { queue: "cpu", memory: 16_384, vcpus: 2 }],
    ["it ran out of time", { time: 1 }, { queue: "cpu", memory: functionMemory, vcpus: 2 }],
    ["its function was lost", { job: 1 }, onLambda],
  ])("after %s has %o", (_what, losses, expected) => {
    expect(attemptResources(auto, after(losses))).toMatchObject(expected);
  });

  test('stays there with runs: "lambda"', () => {
    expect(attemptResources({ ...auto, runs: "lambda" }, after({ memory: 1, time: 1 }))).toEqual(onLambda);
  });

  test("is looked for in every queue that it may be in", () => {
    expect(queuesOf(auto)).toEqual(["lambda", "cpu", "cpu-on-demand"]);
    expect(queuesOf({ ...auto, runs: "lambda" })).toEqual(["lambda"]);
    expect(queuesOf({ ...auto, runs: "batch" })).toEqual(["cpu", "cpu-on-demand"]);
  });
});
