import { isShown } from "../../shared/console/shown-pages.ts";
import type { MeterName } from "../../shared/ports/meter.ts";
import type { EndState } from "../../shared/state/run.ts";
import { alarmId, alarmNames, type ObservedStage } from "./alarm-resources.ts";
import { type AlarmName, alarmsOf } from "./alarm-table.ts";
import {
  deadLetterQueueIds,
  engineMetric,
  engineNamespace,
  type FunctionName,
  functionIds,
  functionMetric,
  queueMetric,
  ruleIds,
  ruleMetric,
  serviceOf,
  tableMetric,
  workQueueIds,
} from "./stack-metric.ts";
import { chart, colours, type Limit, type Line, type Row, search, type Widget } from "./widget.ts";

/** What the rows need to know of a stage. */
export type DashboardStage = ObservedStage & {
  /** Seconds after which Lambda ends a function, for the functions whose durations are shown. */
  readonly timeouts: Readonly<Record<TimedFunction, number>>;
};

/** Functions that work on runs by themselves. Of the others, a person sees how long they take. */
type TimedFunction = Extract<FunctionName, "step" | "step-large" | "tick">;

/** The table's indexes, whose writes DynamoDB may throttle by themselves. */
const indexes = ["runs-by-pipeline", "runs-by-state", "runs-by-day", "due"] as const;

/** Turns a table of names into one with their keys in order, without widening the keys. */
const namesOf = <N extends string>(table: Readonly<Record<N, unknown>>) => Object.keys(table) as N[];

/** A part of a metric's name, which CloudWatch fills in for each line of a search. `Fn::Sub` must leave it as it is. */
const property = (name: string) => `\${!PROP('${name}')}`;

function introduction({ service, stage }: ObservedStage): Widget {
  const console = `https://\${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=\${AWS::Region}`;
  return {
    type: "text",
    properties: {
      markdown: [
        `# ${service} ${stage}`,
        "What runs, what failed, and what waits. Each title is a question, and a line is drawn where an alarm rings. " +
          "The first time, allow the two console widgets to run: they ask functions of this stage, with your permissions.",
        `The same pages without CloudWatch: \`npx millrace console --stage ${stage} --region \${AWS::Region}\`. ` +
          `[Logs Insights](${console}#logsV2:logs-insights) has prepared queries in the folder \`${service}-${stage}\`; each costs by the gigabyte that it reads. ` +
          `[Traces](${console}#xray:traces/query) are found by \`annotation.run = "RUN"\`. What to do when an alarm rings: \`docs/operating.md\`.`,
      ].join("\n\n"),
    },
  };
}

function alarmStates(stage: ObservedStage): Widget {
  return {
    type: "alarm",
    properties: {
      title: "Does anything need a person?",
      alarms: alarmNames(stage).map((name) => `\${${alarmId(name)}.Arn}`),
    },
  };
}

/** The threshold of an alarm as a line, if the stage has the alarm. */
function limitOf(stage: ObservedStage, name: AlarmName): Limit[] {
  if (!alarmNames(stage).includes(name)) return [];
  return [{ label: `alarm ${name}`, value: alarmsOf(stage)[name].threshold }];
}

const endColours = {
  SUCCEEDED: colours.good,
  FAILED: colours.bad,
  TIMED_OUT: colours.warning,
  CANCELLED: colours.neutral,
} as const satisfies Record<EndState, string>;

/** A page of the console. CloudWatch asks the function `console` for it with the permissions of the person who looks. */
function page(title: string, params: { readonly page?: string }, refreshes: boolean): Widget {
  return {
    type: "custom",
    properties: {
      title,
      endpoint: `\${${functionIds.console}.Arn}`,
      params,
      updateOn: { refresh: refreshes, resize: true, timeRange: false },
    },
  };
}

function runs(stage: ObservedStage): Row {
  const service = `service="${serviceOf(stage)}"`;
  const byPipeline = (name: MeterName, statistic: "Sum" | "p50" | "p95", state?: EndState) =>
    search(
      engineNamespace,
      ["service", "pipeline", ...(state === undefined ? [] : ["state"])],
      `MetricName="${name}" ${service}${state === undefined ? "" : ` state="${state}"`}`,
      statistic,
    );
  const total = (label: string, expression: string): Line => ({ label, expression: `SUM(${expression})` });
  const durations = (title: string, name: MeterName) =>
    chart({
      title,
      statistic: "p95",
      unit: "milliseconds",
      lines: (["p50", "p95"] as const).map((statistic) => ({
        expression: byPipeline(name, statistic),
        label: `${statistic} ${property("Dim.pipeline")}`,
      })),
    });
  return {
    height: 7,
    widgets: [
      chart({
        title: "How did runs end?",
        statistic: "Sum",
        unit: "runs",
        stacked: true,
        lines: namesOf(endColours).map((state) => ({
          metric: engineMetric("RunEnded", stage, { state }),
          label: state,
          colour: endColours[state],
        })),
      }),
      durations("How long do runs take?", "RunDuration"),
      durations("How long do steps take?", "StepDuration"),
      chart({
        title: "Is work repeated, or not begun?",
        statistic: "Sum",
        unit: "in five minutes",
        lines: [
          total("runs started", byPipeline("RunStarted", "Sum")),
          total("runs that could not be started", byPipeline("RunNotStarted", "Sum")),
          total("steps failed", byPipeline("StepEnded", "Sum", "FAILED")),
          total("steps retried", byPipeline("StepRetried", "Sum")),
          total("steps found by the sweep", byPipeline("StepsRedriven", "Sum")),
          { metric: engineMetric("SweepBehind", stage), label: "ticks that left runs to the next one" },
        ],
      }),
    ],
  };
}

function queues(stage: ObservedStage): Row {
  const working = (name: string): Line[] =>
    namesOf(workQueueIds).map((queue) => ({ metric: queueMetric(name, workQueueIds[queue]), label: queue }));
  return {
    height: 6,
    widgets: [
      chart({
        title: "Does work wait for a worker?",
        statistic: "Maximum",
        unit: "seconds, the oldest message",
        lines: working("ApproximateAgeOfOldestMessage"),
        limits: [...limitOf(stage, "triggers-old"), ...limitOf(stage, "steps-old")],
      }),
      chart({
        title: "How much waits?",
        statistic: "Maximum",
        unit: "messages",
        lines: working("ApproximateNumberOfMessagesVisible"),
      }),
      chart({
        title: "Was anything given up?",
        statistic: "Maximum",
        unit: "dead letters",
        lines: namesOf(deadLetterQueueIds).map((queue) => ({
          metric: queueMetric("ApproximateNumberOfMessagesVisible", deadLetterQueueIds[queue]),
          label: queue,
        })),
        limits: limitOf(stage, "triggers-dead-letters"),
      }),
    ],
  };
}

function functions(stage: DashboardStage): Row {
  const workers = ["step", "step-large"] as const;
  const timed = namesOf(stage.timeouts);
  const ofWorkers = (name: string, words: string): Line[] =>
    workers.map((worker) => ({ metric: functionMetric(name, worker), label: `${worker}: ${words}` }));
  return {
    height: 6,
    widgets: [
      chart({
        title: "Do functions crash?",
        statistic: "Sum",
        unit: "errors in five minutes",
        lines: namesOf(functionIds).map((name) => ({ metric: functionMetric("Errors", name), label: name })),
        limits: [...limitOf(stage, "tick-failing"), ...limitOf(stage, "step-crashing")],
      }),
      chart({
        title: "Does Lambda hold workers back?",
        statistic: "Sum",
        unit: "in five minutes",
        lines: [
          ...ofWorkers("Throttles", "throttled"),
          ...ofWorkers("RecursiveInvocationsDropped", "dropped as a loop"),
        ],
      }),
      chart({
        title: "Do functions run out of time?",
        statistic: "p99",
        unit: "milliseconds",
        lines: timed.map((name) => ({ metric: functionMetric("Duration", name), label: name })),
        limits: [...Map.groupBy(timed, (name) => stage.timeouts[name])].map(([seconds, names]) => ({
          label: `timeout of ${names.join(", ")}`,
          value: seconds * 1000,
        })),
      }),
      chart({
        title: "How many step workers run at once?",
        statistic: "Maximum",
        unit: "workers",
        lines: workers.map((name) => ({ metric: functionMetric("ConcurrentExecutions", name), label: name })),
      }),
    ],
  };
}

function table(stage: ObservedStage): Row {
  const latency = (operation: string): Line => ({
    metric: tableMetric("SuccessfulRequestLatency", { Operation: operation }),
    label: operation,
  });
  return {
    height: 6,
    widgets: [
      chart({
        title: "How much of the table is used?",
        statistic: "Sum",
        unit: "units in five minutes",
        lines: [
          { metric: tableMetric("ConsumedReadCapacityUnits"), label: "reads" },
          { metric: tableMetric("ConsumedWriteCapacityUnits"), label: "writes" },
        ],
      }),
      chart({
        title: "Does the table hold work back?",
        statistic: "Sum",
        unit: "throttled in five minutes",
        lines: [
          { metric: tableMetric("WriteThrottleEvents"), label: "writes" },
          { metric: tableMetric("ReadThrottleEvents"), label: "reads" },
          ...indexes.map((index) => ({
            metric: tableMetric("WriteThrottleEvents", { GlobalSecondaryIndexName: index }),
            label: `writes of index ${index}`,
          })),
        ],
        limits: limitOf(stage, "table-throttled"),
      }),
      chart({
        title: "How fast is the table?",
        statistic: "p99",
        unit: "milliseconds",
        lines: [latency("UpdateItem"), latency("Query")],
      }),
    ],
  };
}

/** The texts by which the dashboard knows the names of Batch's job queues. `Fn::Sub` gets them as its variables. */
export const jobQueueNames = {
  CpuSpotName: "CpuSpotJobQueue",
  CpuOnDemandName: "CpuOnDemandJobQueue",
  GpuSpotName: "GpuSpotJobQueue",
  GpuOnDemandName: "GpuOnDemandJobQueue",
} as const;

function jobs(stage: ObservedStage): Row {
  const ours = namesOf(jobQueueNames)
    .map((name) => `"\${${name}}"`)
    .join(" OR ");
  const rules = namesOf(ruleIds);
  return {
    height: 6,
    widgets: [
      chart({
        title: "Do events of jobs arrive?",
        statistic: "Sum",
        unit: "events in five minutes",
        lines: [
          { metric: ruleMetric("Invocations", "ends of jobs"), label: "ends of jobs: sent on" },
          ...rules.map((rule) => ({
            metric: ruleMetric("FailedInvocations", rule),
            label: `${rule}: not delivered`,
          })),
        ],
        limits: limitOf(stage, "job-events-undelivered"),
      }),
      chart({
        // Batch publishes these at its best effort, so no alarm stands on them.
        title: "What do job queues do?",
        statistic: "Sum",
        unit: "jobs in five minutes",
        lines: [
          {
            expression: search(
              "AWS/Batch",
              ["JobQueueName"],
              // Partial match: durations would dwarf the counts.
              `JobQueueName=(${ours}) AND NOT MetricName=Duration`,
              "Sum",
            ),
            label: `${property("MetricName")} ${property("Dim.JobQueueName")}`,
          },
        ],
      }),
    ],
  };
}

/** The rows of a stage's dashboard, from the top. */
export function dashboardRows(stage: DashboardStage): Row[] {
  return [
    { height: 4, widgets: [introduction(stage)] },
    { height: 4, widgets: [alarmStates(stage)] },
    {
      height: 8,
      widgets: [page("What is going on now?", { page: isShown("home") ? "home" : "runs" }, true)],
    },
    // Without a page of its own it stays where its reader was. It is refreshed by its own button only.
    { height: 20, widgets: [page("Console", {}, false)] },
    runs(stage),
    queues(stage),
    functions(stage),
    table(stage),
    jobs(stage),
  ];
}
