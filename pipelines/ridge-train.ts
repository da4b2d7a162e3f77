import * as z from "zod";
import { ridge } from "../batch-jobs/ridge/contract.ts";
import { artifact, batch, definePipeline, eq, lambda, maybe } from "../shared/pipeline/index.ts";

/** Where a model is trained: the AWS Batch queue in which its job waits. */
export const trainingQueue = z.enum(["cpu", "gpu"]);

type Trained = z.output<(typeof ridge.train)["output"]>;

/** The model from the chosen queue; the step for the other queue was skipped. */
export function trainedModel({ onCpu, onGpu }: { onCpu: Trained | null; onGpu: Trained | null }): Trained {
  const trained = onCpu ?? onGpu;
  if (trained === null) throw new Error("no queue was chosen");
  return trained;
}

/** Trains one ridge regression on the machines of a given queue. */
export const ridgeTrain = definePipeline(
  {
    name: "ridge-train",
    params: z.strictObject({
      train: artifact,
      alpha: z.number().positive(),
      queue: trainingQueue.default("cpu"),
    }),
  },
  ({ params, step }) => {
    const { train, alpha, queue } = params;
    // A step's queue is part of the graph, so each queue has its own step. Only machines of Batch have queues. The steps ask for no GPU, so the job can use
    // any machine of the queue, even in a stage without GPUs.
    const onCpu = step(
      "train_on_cpu",
      batch(ridge.train, { train, alpha }, { runs: "batch", queue: "cpu" }),
      {
        when: eq(queue, "cpu"),
      },
    );
    const onGpu = step(
      "train_on_gpu",
      batch(ridge.train, { train, alpha }, { runs: "batch", queue: "gpu" }),
      {
        when: eq(queue, "gpu"),
      },
    );
    return step("trained_model", lambda({ onCpu: maybe(onCpu), onGpu: maybe(onGpu) }, trainedModel), {
      rule: "any_succeeded",
    });
  },
);
