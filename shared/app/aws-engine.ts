import { BatchClient } from "@aws-sdk/client-batch";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { pipelines } from "../../pipelines/index.ts";
import { awsBatchService } from "../batch/aws-batch-service.ts";
import { defaultSettings, type Engine } from "../engine.ts";
import { dynamoModelRegistry } from "../models/dynamo-model-registry.ts";
import { s3ObjectStore } from "../objects/s3-object-store.ts";
import { systemClock } from "../platform/clock.ts";
import { type Environment, readEnvironment } from "../platform/env.ts";
import { sqsStepQueue } from "../queue/sqs-step-queue.ts";
import { dynamoScheduleStore } from "../schedule/dynamo-schedule-store.ts";
import { dynamoObjectWaiters } from "../store/dynamo-object-waiters.ts";
import { dynamoResultCache } from "../store/dynamo-result-cache.ts";
import { dynamoRunStore } from "../store/dynamo-run-store.ts";
import { dynamoClient } from "../store/dynamo-table.ts";
import { catalogueOf } from "./catalogue.ts";
import { log, meter, tracer } from "./telemetry.ts";

/** The engine on AWS, as the environment describes it. */
export function awsEngine(environment: Environment): Engine {
  const table = { client: tracer.captureAWSv3Client(dynamoClient()), name: environment.TABLE_NAME };
  return {
    stage: { name: environment.STAGE, timezone: environment.TIMEZONE },
    pipelines: catalogueOf(pipelines),
    jobVersions: new Map(Object.entries(environment.JOB_VERSIONS)),
    commit: environment.GIT_COMMIT,
    store: dynamoRunStore(table),
    waiters: dynamoObjectWaiters(table),
    cache: dynamoResultCache(table),
    models: dynamoModelRegistry(table),
    schedules: dynamoScheduleStore(table),
    queue: sqsStepQueue(tracer.captureAWSv3Client(new SQSClient()), environment.STEPS_QUEUE_URL),
    batch: awsBatchService(tracer.captureAWSv3Client(new BatchClient()), {
      queues: environment.BATCH_JOB_QUEUES,
      definitionPrefix: environment.BATCH_JOB_DEFINITION_PREFIX,
    }),
    objects: s3ObjectStore(tracer.captureAWSv3Client(new S3Client()), environment.DATA_BUCKET),
    clock: systemClock,
    random: Math.random,
    log,
    meter,
    settings: { ...defaultSettings, sweepSeconds: environment.SWEEP_SECONDS },
  };
}

/** The engine of this worker, built when it starts. */
export const engine = awsEngine(readEnvironment());
