import { type Alarm, type AlarmName, alarmsOf } from "./alarm-table.ts";
import type { StackName } from "./stack-metric.ts";

/** A stage as its alarms and dashboard see it. */
export type ObservedStage = StackName & {
  /** Whether it has all alarms, or only the most important ones. */
  readonly allAlarms: boolean;
};

const operators = {
  above: "GreaterThanThreshold",
  from: "GreaterThanOrEqualToThreshold",
  below: "LessThanThreshold",
} as const satisfies Record<Alarm["rings"], string>;

const missingData = { well: "notBreaching", ringing: "breaching" } as const satisfies Record<
  Alarm["silence"],
  string
>;

/** `tick-stopped` → `TickStoppedAlarm` */
export function alarmId(name: string): string {
  return `${name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Alarm`;
}

/** The names of a stage's alarms, the most important first. */
export function alarmNames(stage: ObservedStage): AlarmName[] {
  const alarms = Object.entries(alarmsOf(stage)) as [AlarmName, Alarm][];
  return alarms.filter(([, { stages }]) => stages === "each" || stage.allAlarms).map(([name]) => name);
}

/** A text with references, as CloudFormation takes it. */
const filled = (text: string) => (text.includes("${") ? { "Fn::Sub": text } : text);

function alarmResource(stage: ObservedStage, name: AlarmName): unknown {
  const { metric, means, meanwhile, command, ...alarm }: Alarm = alarmsOf(stage)[name];
  const topic = [{ Ref: "AlarmTopic" }];
  return {
    Type: "AWS::CloudWatch::Alarm",
    Condition: "OnAws",
    Properties: {
      AlarmName: `${stage.service}-${stage.stage}-${name}`,
      AlarmDescription: {
        "Fn::Sub": `${means} Meanwhile: ${meanwhile} Type: ${command} More: docs/operating.md#${name}`,
      },
      Namespace: metric.namespace,
      MetricName: metric.name,
      Dimensions: Object.entries(metric.dimensions).map(([Name, value]) => ({ Name, Value: filled(value) })),
      Statistic: alarm.statistic,
      Period: alarm.period,
      EvaluationPeriods: alarm.points[1],
      DatapointsToAlarm: alarm.points[0],
      ComparisonOperator: operators[alarm.rings],
      Threshold: alarm.threshold,
      TreatMissingData: missingData[alarm.silence],
      AlarmActions: topic,
      OKActions: topic,
    },
  };
}

/** The stage's alarms, by logical id. */
export function alarmResources(stage: ObservedStage): Record<string, unknown> {
  return Object.fromEntries(alarmNames(stage).map((name) => [alarmId(name), alarmResource(stage, name)]));
}
