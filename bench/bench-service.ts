import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQSClient } from "@aws-sdk/client-sqs";
import { type Catalogue, copyService, jobsOf } from "../local/stack/deploy-catalogue.ts";
import { type Stack, startStack } from "../local/stack/stack.ts";
import { dynamoRunStore } from "../shared/adapters/aws/dynamo-run-store.ts";
import { dynamoClient } from "../shared/adapters/aws/dynamo-table.ts";
import { sqsStepQueue } from "../shared/adapters/aws/sqs-step-queue.ts";
import type { RunStore } from "../shared/ports/run-store.ts";
import type { StepQueue } from "../shared/ports/step-queue.ts";
import { stopOnInterrupt } from "./interrupt.ts";

/** The pipelines of the measurements, deployed instead of the product's own. */
const pipelinesOfBench: Catalogue = {
  index: 'export { pipelines } from "../bench/pipelines.ts";',
  sources: ["bench/pipelines.ts"],
};

/** The service with the pipelines of `bench/pipelines.ts`, deployed to its own local stack. */
export type BenchService = {
  readonly stack: Stack;
  readonly store: RunStore;
  /** A separate queue that no function reads. */
  readonly queue: StepQueue;
  /** Folder of the deployed service, with the job families in `batch-jobs/`. */
  readonly serviceDir: string;
  stop(): Promise<void>;
};

/** Starts a local stack and deploys pipelines to it with the real `sls deploy`: those of the bench, or others. */
export async function startBenchService(catalogue = pipelinesOfBench): Promise<BenchService> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const serviceDir = join(folder, "service");
  copyService(serviceDir, catalogue);
  const stack = await startStack({ stateDir: join(folder, "stack"), jobs: jobsOf(serviceDir) });
  const config = {
    endpoint: stack.awsEndpoint,
    region: stack.region,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  const client = dynamoClient(config);
  const sqs = new SQSClient(config);
  const stop = async () => {
    calm();
    client.destroy();
    sqs.destroy();
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const calm = stopOnInterrupt(stop);
  try {
    await stack.deploy({ serviceDir });
    return {
      stack,
      serviceDir,
      store: dynamoRunStore({ client, name: "millrace-local" }),
      // Nobody reads the dead letters of the triggers.
      queue: sqsStepQueue(
        sqs,
        `${stack.awsEndpoint}/${stack.accountId}/millrace-local-triggers-dead-letters`,
      ),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
