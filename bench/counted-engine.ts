import { BatchClient } from "@aws-sdk/client-batch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { awsBatchService } from "../shared/adapters/aws/aws-batch-service.ts";
import { dynamoModelRegistry } from "../shared/adapters/aws/dynamo-model-registry.ts";
import { dynamoObjectWaiters } from "../shared/adapters/aws/dynamo-object-waiters.ts";
import { dynamoPublications } from "../shared/adapters/aws/dynamo-publications.ts";
import { dynamoResultCache } from "../shared/adapters/aws/dynamo-result-cache.ts";
import { dynamoRunStore } from "../shared/adapters/aws/dynamo-run-store.ts";
import { type DynamoTable, dynamoClient } from "../shared/adapters/aws/dynamo-table.ts";
import { s3ObjectStore } from "../shared/adapters/aws/s3-object-store.ts";
import { sqsStepQueue } from "../shared/adapters/aws/sqs-step-queue.ts";
import { MemoryBackfillStore } from "../shared/adapters/memory/memory-backfill-store.ts";
import { MemoryNotifier } from "../shared/adapters/memory/memory-notifier.ts";
import { MemoryScheduleStore } from "../shared/adapters/memory/memory-schedule-store.ts";
import type { JobSubmission } from "../shared/ports/batch-service.ts";
import { systemClock } from "../shared/ports/clock.ts";
import { defaultSettings, type Engine, localStage } from "../shared/ports/engine.ts";
import { silentLog } from "../shared/ports/log.ts";
import { silentMeter } from "../shared/ports/meter.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import { parseStepMessage, type StepMessage } from "../shared/ports/step-queue.ts";
import { noWatchdog } from "../shared/ports/watchdog.ts";
import { startTestMinistack } from "../test/ministack.ts";
import { createRunTable } from "../test/run-table.ts";
import { CallRecord, countingPlace } from "./call-record.ts";
import { DynamoBilling } from "./dynamo-billing.ts";
import { pipelines } from "./pipelines.ts";

const names = { table: "runs", queue: "steps", largeQueue: "steps-large", bucket: "data", jobs: "cpu" };

/**
 * The engine on its AWS adapters, whose requests are counted. It also has uncounted access to what AWS does around it.
 */
export type CountedEngine = {
  readonly engine: Engine;
  readonly record: CallRecord;
  /** The table, through the client whose requests are counted. */
  readonly table: DynamoTable;
  /** Takes messages from the queue of steps; returns none if it's empty. */
  receive(): Promise<StepMessage[]>;
  /** The Batch jobs so far. None of them ever runs. */
  readonly submitted: readonly JobSubmission[];
  readonly objects: ObjectStore;
  stop(): Promise<void>;
};

/** Starts a separate MiniStack with a table, a queue and a bucket, and an engine on it. */
export async function startCountedEngine(): Promise<CountedEngine> {
  const ministack = await startTestMinistack();
  const config = ministack.client;
  const record = new CallRecord();
  const aside = {
    dynamo: new DynamoDBClient(config),
    sqs: new SQSClient(config),
    s3: new S3Client({ ...config, forcePathStyle: true }),
  };
  const counted = {
    dynamo: dynamoClient(config),
    sqs: new SQSClient(config),
    s3: new S3Client({ ...config, forcePathStyle: true }),
    batch: new BatchClient(config),
  };
  const stop = async () => {
    for (const client of [...Object.values(aside), ...Object.values(counted)]) client.destroy();
    await ministack.stop();
  };
  try {
    await createRunTable(aside.dynamo, names.table);
    await aside.s3.send(new CreateBucketCommand({ Bucket: names.bucket }));
    const queueNamed = async (QueueName: string) =>
      (await aside.sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? "";
    const url = await queueNamed(names.queue);
    const largeUrl = await queueNamed(names.largeQueue);
    const billing = await DynamoBilling.of(aside.dynamo, names.table);
    counted.dynamo.middlewareStack.add(record.counter("dynamodb", billing), countingPlace);
    counted.sqs.middlewareStack.add(record.counter("sqs"), countingPlace);
    counted.s3.middlewareStack.add(record.counter("s3"), countingPlace);
    counted.batch.middlewareStack.add(record.counter("batch"), countingPlace);
    const batch = awsBatchService(counted.batch, { queues: { cpu: names.jobs }, definitionPrefix: "" });
    const table = { client: counted.dynamo, name: names.table };
    const submitted: JobSubmission[] = [];
    return {
      engine: {
        pipelines: new Map(pipelines.map((pipeline) => [pipeline.name, pipeline])),
        stage: localStage,
        jobVersions: new Map(),
        commit: "unknown: not deployed",
        store: dynamoRunStore(table),
        waiters: dynamoObjectWaiters(table),
        cache: dynamoResultCache(table),
        models: dynamoModelRegistry(table),
        publications: dynamoPublications(table),
        schedules: new MemoryScheduleStore(),
        backfills: new MemoryBackfillStore(),
        notifier: new MemoryNotifier(),
        queue: sqsStepQueue(counted.sqs, url),
        largeQueue: sqsStepQueue(counted.sqs, largeUrl),
        workerSize: "small",
        batch: {
          ...batch,
          submit(submission) {
            submitted.push(submission);
            return batch.submit(submission);
          },
        },
        objects: s3ObjectStore(counted.s3, names.bucket),
        clock: systemClock,
        watchdog: noWatchdog,
        random: () => 0.5,
        log: silentLog,
        meter: silentMeter,
        settings: defaultSettings,
      },
      record,
      table,
      submitted,
      objects: s3ObjectStore(aside.s3, names.bucket),
      async receive() {
        const { Messages: messages = [] } = await aside.sqs.send(
          new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }),
        );
        for (const { ReceiptHandle: handle } of messages) {
          await aside.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: handle }));
        }
        return messages.map(({ Body: body = "" }) => parseStepMessage(body));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
