import { functionIds, type StackName } from "./stack-metric.ts";

/**
 * Questions to the logs of functions and jobs, for Logs Insights. A person types a run's id over RUN. They cost nothing
 * until somebody runs one, so they are no widgets: a dashboard would run them at each refresh.
 */
const queries = {
  errors: [
    "fields @timestamp, message, error.code, error.message, runId, step, @log",
    'filter level = "ERROR"',
    "sort @timestamp desc",
    "limit 200",
  ],
  "one run": [
    "fields @timestamp, level, step, message, error.message, xray_trace_id, @log",
    'filter runId = "RUN" or run = "RUN"',
    "sort @timestamp",
    "limit 1000",
  ],
  "traces of one run": [
    'filter runId = "RUN" and ispresent(xray_trace_id)',
    "stats min(@timestamp) as begun, max(@timestamp) as ended, count(*) as lines by xray_trace_id",
    "sort begun",
  ],
} as const satisfies Record<string, readonly string[]>;

/** The log group of each function has the function's logical id with another end. */
const logGroups = [
  ...Object.values(functionIds).map((id) => id.replace(/LambdaFunction$/, "LogGroup")),
  "BatchJobsLogGroup",
];

/** The queries that a stage has saved, by logical id. */
export function preparedQueries({ service, stage }: StackName): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(queries).map(([name, lines]) => [
      `${name.replace(/(?:^| )([a-z])/g, (_, letter: string) => letter.toUpperCase())}Query`,
      {
        Type: "AWS::Logs::QueryDefinition",
        Condition: "OnAws",
        Properties: {
          Name: `${service}-${stage}/${name}`,
          LogGroupNames: logGroups.map((id) => ({ Ref: id })),
          QueryString: lines.join("\n| "),
        },
      },
    ]),
  );
}
