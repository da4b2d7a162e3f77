import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { HeadBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Finding, fail, ok, type Stage, warn } from "./finding.ts";

/** Checks whether the table can be read and has its indexes. */
export async function checkTable({ target, environment }: Stage): Promise<Finding[]> {
  const client = new DynamoDBClient(target.config);
  const { Table } = await client.send(new DescribeTableCommand({ TableName: environment.TABLE_NAME }));
  const state = Table?.TableStatus ?? "unknown";
  const waiting = (Table?.GlobalSecondaryIndexes ?? [])
    .filter(({ IndexStatus }) => IndexStatus !== undefined && IndexStatus !== "ACTIVE")
    .map(({ IndexName, IndexStatus }) => `index ${IndexName} is ${IndexStatus}`);
  const says = [`table ${environment.TABLE_NAME} is ${state}`, ...waiting].join("; ");
  return [
    state === "ACTIVE" && waiting.length === 0
      ? ok("table", says)
      : fail("table", says, "wait until it is ACTIVE: runs cannot be stored or listed before"),
  ];
}

/** Checks whether the data bucket can be reached. */
export async function checkBucket({ target, environment }: Stage): Promise<Finding[]> {
  const client = new S3Client({ ...target.config, forcePathStyle: target.stage === "local" });
  const { DATA_BUCKET: Bucket } = environment;
  await client.send(new HeadBucketCommand({ Bucket }));
  return [ok("bucket", `s3://${Bucket} can be reached`)];
}

/** The finding about the messages that wait in a dead-letter queue. */
export function deadLetterFinding(queue: string, waiting: number, arn: string): Finding | undefined {
  if (waiting === 0) return undefined;
  const says = `${waiting} ${waiting === 1 ? "message" : "messages"} that nobody could handle in ${queue}`;
  const remedy = queue.endsWith("-steps-dead-letters")
    ? `the function dead-letter should end their steps; its log says why not: \`aws logs tail /aws/lambda/${queue.replace("steps-dead-letters", "dead-letter")}\``
    : `see the function's log for why; then send them again: \`aws sqs start-message-move-task --source-arn ${arn}\``;
  return warn("dead letters", says, remedy);
}

/** Checks whether the queues can be reached, and whether messages couldn't be handled. */
export async function checkQueues({ target }: Stage): Promise<Finding[]> {
  const client = new SQSClient(target.config);
  const attributesOf = async (QueueName: string) => {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName }));
    const answer = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: ["ApproximateNumberOfMessages", "QueueArn"],
      }),
    );
    const { ApproximateNumberOfMessages: waiting = "0", QueueArn: arn = "" } = answer.Attributes ?? {};
    return { queue: QueueName, waiting: Number(waiting), arn };
  };
  const prefix = `millrace-${target.stage}-`;
  const names = ["triggers", "steps", "steps-large", "batch-events"];
  const queues = await Promise.all(names.map((name) => attributesOf(`${prefix}${name}`)));
  // `steps-large` has no dead-letter queue of its own; it shares that of `steps`.
  const given = ["triggers", "steps", "batch-events"];
  const lost = await Promise.all(given.map((name) => attributesOf(`${prefix}${name}-dead-letters`)));
  const waiting = queues.map(({ queue, waiting }) => `${queue.replace(prefix, "")} ${waiting}`);
  const dead = lost
    .map(({ queue, waiting, arn }) => deadLetterFinding(queue, waiting, arn))
    .filter((finding) => finding !== undefined);
  return [
    ok("queues", `can be reached; messages that wait: ${waiting.join(", ")}`),
    ...(dead.length === 0 ? [ok("dead letters", "none")] : dead),
  ];
}
