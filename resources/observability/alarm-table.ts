import {
  engineMetric,
  functionMetric,
  type QueueId,
  queueMetric,
  ruleMetric,
  type StackMetric,
  type StackName,
  tableMetric,
} from "./stack-metric.ts";

/** When an alarm rings, and what it tells. Texts may contain `${LogicalId}` and `${AWS::Region}` for `Fn::Sub`. */
export type Alarm = {
  readonly metric: StackMetric;
  readonly statistic: "Sum" | "Maximum";
  /** Seconds that one data point covers. */
  readonly period: 60 | 300;
  /** Compares a data point with the threshold. */
  readonly rings: "above" | "from" | "below";
  readonly threshold: number;
  /** How many of the last data points must be beyond the threshold. */
  readonly points: readonly [beyond: number, last: number];
  /** What a period without data means. */
  readonly silence: "well" | "ringing";
  /** The most important ones are in each stage on AWS; the others only where the stage has `allAlarms`. */
  readonly stages: "each" | "allAlarms";
  readonly means: string;
  /** What goes on in the meantime, and what stands still. */
  readonly meanwhile: string;
  /** What to type first. */
  readonly command: string;
};

/**
 * All alarms, by name. Each watches a symptom that stays and that a person has to act on. Failed runs
 * are not here: notices report them. docs/operating.md says how to make each ring, and what to do.
 */
export function alarmsOf(stack: StackName) {
  const name = `${stack.service}-${stack.stage}`;
  const at = `--stage ${stack.stage} --region \${AWS::Region}`;
  const logOf = (called: string) =>
    `aws logs tail /aws/lambda/${name}-${called} --since 30m --region \${AWS::Region}`;
  const redrive = (id: string) =>
    `aws sqs start-message-move-task --source-arn \${${id}.Arn} --region \${AWS::Region}`;
  /** Any message in a dead-letter queue of a function counts: it stays until somebody sends it again. */
  const deadLetters = (queue: QueueId, called: string) =>
    ({
      metric: queueMetric("ApproximateNumberOfMessagesVisible", queue),
      statistic: "Maximum",
      period: 300,
      rings: "above",
      threshold: 0,
      points: [1, 1],
      silence: "well",
      stages: "each",
      command: `${logOf(called)}, and once the cause is gone: ${redrive(queue)}`,
    }) as const;
  return {
    "tick-stopped": {
      metric: functionMetric("Invocations", "tick"),
      statistic: "Sum",
      period: 60,
      rings: "below",
      threshold: 1,
      points: [5, 5],
      // No invocation is no data.
      silence: "ringing",
      stages: "each",
      means: "The tick has not run for five minutes. On a stage's first deployment, this rings once.",
      meanwhile:
        "Steps that are under way go on. No schedule starts, no backfill moves on, and lost work is not resumed.",
      command: `aws scheduler get-schedule --name ${name}-tick --region \${AWS::Region}`,
    },
    "tick-failing": {
      metric: functionMetric("Errors", "tick"),
      statistic: "Sum",
      period: 300,
      rings: "from",
      threshold: 3,
      points: [2, 3],
      silence: "well",
      stages: "each",
      means: "The tick runs and fails, or runs out of time, three times in five minutes and again.",
      meanwhile:
        "Its three duties are separate: the sweep, schedules or backfills may stand still, and the others go on.",
      command: logOf("tick"),
    },
    "triggers-dead-letters": {
      ...deadLetters("TriggersDeadLetterQueue", "object-created"),
      means: "Events of objects under raw/ were given up after five tries. Their runs did not start.",
      meanwhile: "The events wait in the queue for 14 days. Other objects start their runs.",
    },
    "batch-events-dead-letters": {
      ...deadLetters("BatchEventsDeadLetterQueue", "batch-state-change"),
      means: "Events of Batch jobs were given up after five tries.",
      meanwhile: "No result is lost: the sweep asks Batch itself every two minutes, so steps end late.",
    },
    "steps-dead-letters-stuck": {
      // A function takes these messages at once, so only one that stays counts.
      metric: queueMetric("ApproximateAgeOfOldestMessage", "StepsDeadLetterQueue"),
      statistic: "Maximum",
      period: 300,
      rings: "above",
      threshold: 900,
      points: [2, 2],
      silence: "well",
      stages: "each",
      means: "Messages of steps were given up, and the function dead-letter cannot end these steps either.",
      meanwhile:
        "Other runs go on. These steps stay open: the sweep sends new messages for them, which may end here too.",
      command: logOf("dead-letter"),
    },
    "step-crashing": {
      metric: functionMetric("Errors", "step"),
      statistic: "Sum",
      period: 300,
      rings: "from",
      threshold: 5,
      points: [2, 3],
      silence: "well",
      stages: "each",
      means:
        "Step workers crash or time out: a bad deployment, or functions that need more memory. A step that fails is no error here.",
      meanwhile:
        "Steps of a worker that died are tried again, alone in a large worker. After six losses a step fails.",
      command: logOf("step"),
    },
    "sweep-behind": {
      metric: engineMetric("SweepBehind", stack),
      statistic: "Sum",
      period: 60,
      rings: "above",
      threshold: 0,
      points: [10, 10],
      silence: "well",
      stages: "allAlarms",
      means:
        "For ten minutes, each tick left due runs to the next one: there are more runs than the sweep can look at.",
      meanwhile:
        "Runs without faults go on. Lost work is resumed late, and waits and retries of over 15 minutes end late.",
      command: `npx millrace runs --state running ${at}`,
    },
    "triggers-old": {
      metric: queueMetric("ApproximateAgeOfOldestMessage", "TriggersQueue"),
      statistic: "Maximum",
      period: 60,
      rings: "above",
      threshold: 600,
      points: [5, 5],
      silence: "well",
      stages: "allAlarms",
      means:
        "An event of an object has waited for over ten minutes, three times as long as a failed one waits.",
      meanwhile: "Objects under raw/ start their runs late. No event is lost for four days.",
      command: `aws lambda list-event-source-mappings --function-name ${name}-object-created --region \${AWS::Region}`,
    },
    "steps-old": {
      metric: queueMetric("ApproximateAgeOfOldestMessage", "StepsQueue"),
      statistic: "Maximum",
      period: 300,
      rings: "above",
      threshold: 1800,
      points: [3, 3],
      silence: "well",
      stages: "allAlarms",
      means:
        "A step's message has waited for over half an hour: no worker takes it, or a map of slow functions has taken all of them.",
      meanwhile: "Jobs go on. Functions begin late, and ends of jobs are followed late.",
      command: `aws lambda list-event-source-mappings --function-name ${name}-step --region \${AWS::Region}`,
    },
    "job-events-undelivered": {
      metric: ruleMetric("FailedInvocations", "ends of jobs"),
      statistic: "Sum",
      period: 300,
      rings: "above",
      threshold: 0,
      points: [1, 1],
      silence: "well",
      stages: "allAlarms",
      means: "EventBridge could not put events of Batch jobs into their queue: a permission is gone.",
      meanwhile: "No result is lost: the sweep asks Batch itself every two minutes, so steps end late.",
      command: `aws sqs get-queue-attributes --queue-url \${BatchEventsQueue} --attribute-names Policy --region \${AWS::Region}`,
    },
    "table-throttled": {
      metric: tableMetric("WriteThrottleEvents"),
      statistic: "Sum",
      period: 300,
      rings: "above",
      threshold: 100,
      points: [3, 3],
      silence: "well",
      stages: "allAlarms",
      means:
        "DynamoDB has throttled writes for 15 minutes: one run or queue writes more than a partition takes.",
      meanwhile: "No work is lost or done twice: workers wait and try again. Everything is slower.",
      command: `npx millrace runs --state running ${at}`,
    },
  } as const satisfies Record<string, Alarm>;
}

export type AlarmName = keyof ReturnType<typeof alarmsOf>;
