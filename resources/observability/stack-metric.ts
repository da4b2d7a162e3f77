import { type MeterName, meterDimensions } from "../../shared/ports/meter.ts";

/** What a stage's resources are named after. */
export type StackName = { readonly service: string; readonly stage: string };

/**
 * A metric as CloudWatch identifies it. The values of dimensions are texts for `Fn::Sub`, which name resources of the
 * stack as `${LogicalId}`.
 */
export type StackMetric = {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
};

/** The functions of the stack, by their names in serverless.yml, with the logical ids that sls gives them. */
export const functionIds = {
  "object-created": "ObjectDashcreatedLambdaFunction",
  start: "StartLambdaFunction",
  step: "StepLambdaFunction",
  "step-large": "StepDashlargeLambdaFunction",
  "batch-state-change": "BatchDashstateDashchangeLambdaFunction",
  tick: "TickLambdaFunction",
  manage: "ManageLambdaFunction",
  console: "ConsoleLambdaFunction",
  "console-act": "ConsoleDashactLambdaFunction",
  "dead-letter": "DeadDashletterLambdaFunction",
} as const satisfies Record<string, string>;

export type FunctionName = keyof typeof functionIds;

/** The queues that functions work on, by the words that a chart shows. */
export const workQueueIds = {
  triggers: "TriggersQueue",
  steps: "StepsQueue",
  "steps-large": "StepsLargeQueue",
  "batch-events": "BatchEventsQueue",
} as const;

export const deadLetterQueueIds = {
  triggers: "TriggersDeadLetterQueue",
  steps: "StepsDeadLetterQueue",
  "batch-events": "BatchEventsDeadLetterQueue",
} as const;

export type QueueId =
  | (typeof workQueueIds)[keyof typeof workQueueIds]
  | (typeof deadLetterQueueIds)[keyof typeof deadLetterQueueIds];

export const ruleIds = {
  "ends of jobs": "BatchStateChangeRule",
  "blocked queues": "JobQueueBlockedRule",
} as const;

const reference = (id: string) => `\${${id}}`;

export function functionMetric(name: string, of: FunctionName): StackMetric {
  return { namespace: "AWS/Lambda", name, dimensions: { FunctionName: reference(functionIds[of]) } };
}

export function queueMetric(name: string, id: QueueId): StackMetric {
  return { namespace: "AWS/SQS", name, dimensions: { QueueName: reference(`${id}.QueueName`) } };
}

/** @param more dimensions besides the table: an index or an operation */
export function tableMetric(name: string, more: Readonly<Record<string, string>> = {}): StackMetric {
  return { namespace: "AWS/DynamoDB", name, dimensions: { TableName: reference("Table"), ...more } };
}

export function ruleMetric(name: string, of: keyof typeof ruleIds): StackMetric {
  return { namespace: "AWS/Events", name, dimensions: { RuleName: reference(ruleIds[of]) } };
}

/** The namespace of the engine's own metrics: `POWERTOOLS_METRICS_NAMESPACE` in serverless.yml. */
export const engineNamespace = "Millrace";

/** What the engine's metrics are told apart by: `POWERTOOLS_SERVICE_NAME` in serverless.yml. */
export const serviceOf = ({ service, stage }: StackName) => `${service}-${stage}`;

/**
 * A metric of the engine.
 *
 * @param values a value for each dimension of one of the metric's sets
 * @throws Error if the engine doesn't write the metric by these dimensions
 */
export function engineMetric(
  name: MeterName,
  stack: StackName,
  values: Readonly<Record<string, string>> = {},
): StackMetric {
  const sets: readonly (readonly string[])[] = meterDimensions[name];
  const asked = Object.keys(values).sort().join();
  if (!sets.some((set) => set.toSorted().join() === asked))
    throw new Error(`the engine doesn't count ${name} by [${asked}]`);
  return { namespace: engineNamespace, name, dimensions: { service: serviceOf(stack), ...values } };
}
