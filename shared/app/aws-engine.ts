import { BatchClient } from "@aws-sdk/client-batch";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { awsBatchService } from "../adapters/aws/aws-batch-service.ts";
import { AwsNotifier } from "../adapters/aws/aws-notifier.ts";
import { dynamoBackfillStore } from "../adapters/aws/dynamo-backfill-store.ts";
import { dynamoModelRegistry } from "../adapters/aws/dynamo-model-registry.ts";
import { dynamoObjectWaiters } from "../adapters/aws/dynamo-object-waiters.ts";
import { dynamoPublications } from "../adapters/aws/dynamo-publications.ts";
import { dynamoResultCache } from "../adapters/aws/dynamo-result-cache.ts";
import { dynamoRunStore } from "../adapters/aws/dynamo-run-store.ts";
import { dynamoScheduleStore } from "../adapters/aws/dynamo-schedule-store.ts";
import { dynamoClient } from "../adapters/aws/dynamo-table.ts";
import { lambdaFunctionInvoker } from "../adapters/aws/lambda-function-invoker.ts";
import { s3ObjectStore } from "../adapters/aws/s3-object-store.ts";
import { sqsStepQueue } from "../adapters/aws/sqs-step-queue.ts";
import { functionJobs } from "../batch/function-jobs.ts";
import { jobsByPlace } from "../batch/jobs-by-place.ts";
import { type Environment, readEnvironment } from "../platform/env.ts";
import { systemClock } from "../ports/clock.ts";
import { defaultSettings, type Engine, localStage, type Stage } from "../ports/engine.ts";
import { noWatchdog } from "../ports/watchdog.ts";
import { deployedPipelines } from "./deployed-pipelines.ts";
import { log, meter, tracer } from "./telemetry.ts";

function stageOf({ STAGE: name, TIMEZONE: timezone, GPUS: gpus, AWS_REGION: region }: Environment): Stage {
  // The emulator of AWS also reports a region.
  const isSomewhere = name !== localStage.name && region !== undefined;
  return { name, timezone, gpus, ...(isSomewhere && { region }) };
}

/** Where this worker's log lines are in CloudWatch Logs. */
function logPlaceOf({ AWS_LAMBDA_LOG_GROUP_NAME: group, AWS_LAMBDA_LOG_STREAM_NAME: stream }: Environment) {
  return group === undefined || stream === undefined ? {} : { logPlace: `${group}:${stream}` };
}

/** Milliseconds that a notice's receiver has to answer. */
const receiverTimeoutMs = 10_000;

function awsNotifier({ SERVICE, STAGE, NOTICE_TOPIC_ARN }: Environment): AwsNotifier {
  const settings = {
    parameters: `/${SERVICE}/${STAGE}`,
    topicArn: NOTICE_TOPIC_ARN,
    isLocal: STAGE === localStage.name,
    patience: receiverTimeoutMs,
  };
  return new AwsNotifier(settings, systemClock, { capture: (client) => tracer.captureAWSv3Client(client) });
}

/** The engine on AWS, configured by the environment. */
export function awsEngine(environment: Environment): Engine {
  const objects = s3ObjectStore(tracer.captureAWSv3Client(new S3Client()), environment.DATA_BUCKET);
  const lambda = tracer.captureAWSv3Client(new LambdaClient());
  const invoker = lambdaFunctionInvoker(lambda, environment.JOB_FUNCTION_PREFIX);
  const machines = awsBatchService(tracer.captureAWSv3Client(new BatchClient()), {
    queues: environment.BATCH_JOB_QUEUES,
    definitionPrefix: environment.BATCH_JOB_DEFINITION_PREFIX,
  });
  const sqs = tracer.captureAWSv3Client(new SQSClient());
  const table = { client: tracer.captureAWSv3Client(dynamoClient()), name: environment.TABLE_NAME };
  return {
    stage: stageOf(environment),
    pipelines: deployedPipelines(environment.GPUS),
    jobVersions: new Map(Object.entries(environment.JOB_VERSIONS)),
    commit: environment.GIT_COMMIT,
    store: dynamoRunStore(table),
    waiters: dynamoObjectWaiters(table),
    cache: dynamoResultCache(table),
    models: dynamoModelRegistry(table),
    publications: dynamoPublications(table),
    schedules: dynamoScheduleStore(table),
    backfills: dynamoBackfillStore(table),
    queue: sqsStepQueue(sqs, environment.STEPS_QUEUE_URL),
    largeQueue: sqsStepQueue(sqs, environment.STEPS_LARGE_QUEUE_URL),
    workerSize: environment.WORKER_SIZE,
    batch: jobsByPlace(functionJobs({ objects, invoker, clock: systemClock }), machines),
    objects,
    notifier: awsNotifier(environment),
    clock: systemClock,
    watchdog: noWatchdog,
    random: Math.random,
    log,
    ...logPlaceOf(environment),
    meter,
    settings: {
      ...defaultSettings,
      sweepSeconds: environment.SWEEP_SECONDS,
      runnableSeconds: environment.RUNNABLE_SECONDS,
    },
  };
}

/** The engine of this worker, built when it starts. */
export const engine = awsEngine(readEnvironment());
