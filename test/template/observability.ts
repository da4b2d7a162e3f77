import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { readEvent, requestOf } from "../../shared/console/event.ts";
import { isShown } from "../../shared/console/shown-pages.ts";
import { meterDimensions } from "../../shared/ports/meter.ts";
import { type PackagedStage, type Policy, referredId, root, run } from "../packaged-template.ts";
import { packagedStages } from "./stages.ts";

// What watches a stage. CloudFormation accepts a metric, a dimension or a name that doesn't exist; the alarm would be
// silent for ever, and the chart empty.

let prod: PackagedStage;

beforeAll(() => {
  ({ prod } = packagedStages());
});

type Metric = { readonly namespace: string; readonly name: string; readonly dimensions: readonly string[] };

const alarm = z.strictObject({
  AlarmName: z.string(),
  AlarmDescription: z.strictObject({ "Fn::Sub": z.string() }),
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.strictObject({ Name: z.string(), Value: z.unknown() })).min(1),
  Statistic: z.enum(["Sum", "Maximum"]),
  Period: z.int().multipleOf(60),
  EvaluationPeriods: z.int().positive(),
  DatapointsToAlarm: z.int().positive(),
  ComparisonOperator: z.enum(["GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"]),
  Threshold: z.number(),
  TreatMissingData: z.enum(["breaching", "notBreaching"]),
  AlarmActions: z.array(z.strictObject({ Ref: z.literal("AlarmTopic") })).length(1),
  OKActions: z.array(z.strictObject({ Ref: z.literal("AlarmTopic") })).length(1),
});

const alarms = () =>
  prod
    .resources("AWS::CloudWatch::Alarm")
    .map(({ id, properties }) => ({ id, ...alarm.parse(properties, { reportInput: true }) }));

const widgets = z.array(
  z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("text"),
      properties: z.strictObject({ markdown: z.string() }),
      ...place(),
    }),
    z.strictObject({
      type: z.literal("alarm"),
      properties: z.strictObject({ title: z.string(), alarms: z.array(z.string()) }),
      ...place(),
    }),
    z.strictObject({
      type: z.literal("custom"),
      properties: z.strictObject({
        title: z.string(),
        endpoint: z.string(),
        params: z.record(z.string(), z.unknown()),
        updateOn: z.strictObject({ refresh: z.boolean(), resize: z.boolean(), timeRange: z.boolean() }),
      }),
      ...place(),
    }),
    z.strictObject({
      type: z.literal("metric"),
      properties: z.strictObject({
        title: z.string().endsWith("?"),
        view: z.literal("timeSeries"),
        stacked: z.boolean(),
        region: z.literal(`\${AWS::Region}`),
        stat: z.enum(["Sum", "Maximum", "p95", "p99"]),
        period: z.literal(300),
        metrics: z.array(z.array(z.unknown()).min(1)).min(1),
        yAxis: z.unknown(),
        annotations: z
          .strictObject({ horizontal: z.array(z.strictObject({ label: z.string(), value: z.number() })) })
          .optional(),
      }),
      ...place(),
    }),
  ]),
);

function place() {
  return {
    x: z.int().nonnegative(),
    y: z.int().nonnegative(),
    width: z.int().positive(),
    height: z.int().positive(),
  };
}

const body = z.strictObject({
  start: z.literal("-PT8H"),
  periodOverride: z.literal("inherit"),
  widgets,
});

function dashboard() {
  const { DashboardBody } = z
    .object({
      DashboardBody: z.object({ "Fn::Sub": z.tuple([z.string(), z.record(z.string(), z.unknown())]) }),
    })
    .parse(prod.resource("Dashboard").Properties);
  const [text, variables] = DashboardBody["Fn::Sub"];
  return { text, variables, ...body.parse(JSON.parse(text)) };
}

type Charted = {
  readonly title: string;
  readonly stat: string;
  readonly limits: readonly { readonly label: string; readonly value: number }[];
  readonly fixed: readonly (Metric & { readonly values: readonly string[] })[];
  readonly expressions: readonly string[];
};

/** The dashboard's charts, with the metrics that they name and their searches. */
function charts(): Charted[] {
  const line = z.array(z.string());
  return dashboard()
    .widgets.filter((widget) => widget.type === "metric")
    .map(({ properties: { title, stat, metrics, annotations } }) => ({
      title,
      stat,
      limits: annotations?.horizontal ?? [],
      fixed: metrics
        .filter((parts) => parts.length > 1)
        .map((parts) => {
          const [namespace = "", name = "", ...dimensions] = line.parse(parts.slice(0, -1));
          return {
            namespace,
            name,
            dimensions: dimensions.filter((_, at) => at % 2 === 0),
            values: dimensions.filter((_, at) => at % 2 === 1),
          };
        }),
      expressions: metrics
        .filter((parts) => parts.length === 1)
        .map((parts) => z.object({ expression: z.string() }).parse(parts[0]).expression),
    }));
}

/** The metrics that a search can find: those with exactly these dimensions. */
function searched(expression: string): Metric {
  const [, schema = ""] = /SEARCH\('\{([^}]*)\}/.exec(expression) ?? [];
  const [namespace = "", ...dimensions] = schema.split(",");
  return { namespace, name: /\bMetricName="(\w+)"/.exec(expression)?.[1] ?? "", dimensions };
}

/**
 * What AWS documents of the metrics used here: the sets of dimensions, and the statistics that mean something.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TroubleshootingLatency.html (percentiles)
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
 * https://docs.aws.amazon.com/batch/latest/userguide/using_cloudwatch_metrics.html
 */
const documented: Record<string, Record<string, { sets: string[]; statistics: string[] }>> = {
  "AWS/Lambda": {
    Invocations: { sets: ["FunctionName"], statistics: ["Sum"] },
    Errors: { sets: ["FunctionName"], statistics: ["Sum"] },
    Throttles: { sets: ["FunctionName"], statistics: ["Sum"] },
    RecursiveInvocationsDropped: { sets: ["FunctionName"], statistics: ["Sum"] },
    Duration: { sets: ["FunctionName"], statistics: ["Maximum", "p50", "p95", "p99"] },
    ConcurrentExecutions: { sets: ["FunctionName"], statistics: ["Maximum"] },
  },
  "AWS/SQS": {
    ApproximateAgeOfOldestMessage: { sets: ["QueueName"], statistics: ["Maximum"] },
    ApproximateNumberOfMessagesVisible: { sets: ["QueueName"], statistics: ["Maximum"] },
  },
  "AWS/DynamoDB": {
    ConsumedReadCapacityUnits: { sets: ["TableName"], statistics: ["Sum"] },
    ConsumedWriteCapacityUnits: { sets: ["TableName"], statistics: ["Sum"] },
    ReadThrottleEvents: { sets: ["TableName", "GlobalSecondaryIndexName,TableName"], statistics: ["Sum"] },
    WriteThrottleEvents: { sets: ["TableName", "GlobalSecondaryIndexName,TableName"], statistics: ["Sum"] },
    SuccessfulRequestLatency: { sets: ["Operation,TableName"], statistics: ["Maximum", "p99"] },
  },
  "AWS/Events": {
    Invocations: { sets: ["RuleName"], statistics: ["Sum"] },
    FailedInvocations: { sets: ["RuleName"], statistics: ["Sum"] },
  },
  // The dashboard searches by queue and names none of these metrics.
  "AWS/Batch": { "": { sets: ["JobQueueName"], statistics: ["Sum"] } },
};

const emfLine = z.object({
  _aws: z.object({
    CloudWatchMetrics: z
      .array(
        z.object({
          Namespace: z.string(),
          Dimensions: z.array(z.array(z.string())),
          Metrics: z.array(z.object({ Name: z.string() })),
        }),
      )
      .length(1),
  }),
  service: z.string(),
});

/** The sets of dimensions of each metric that the functions' code writes with the stage's environment, by name. */
async function written(): Promise<Map<string, string[]>> {
  const { properties } = prod.functions().find(({ id }) => id === "StepLambdaFunction") ?? {
    properties: undefined,
  };
  const environment = Object.entries(properties?.Environment.Variables ?? {}).filter(([name]) =>
    name.startsWith("POWERTOOLS_"),
  );
  const { stdout } = await run(
    process.execPath,
    ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", join(root, "test/every-metric.ts")],
    { env: Object.fromEntries(environment) as Record<string, string> },
  );
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => emfLine.parse(JSON.parse(line)));
  for (const { service } of lines) expect(service).toBe("millrace-prod");
  return new Map(
    lines
      .flatMap(({ _aws }) => _aws.CloudWatchMetrics)
      .flatMap(({ Namespace, Dimensions, Metrics }) =>
        Metrics.map(({ Name }) => [
          `${Namespace} ${Name}`,
          Dimensions.map((set) => set.toSorted().join(",")),
        ]),
      ),
  );
}

/** What is wrong with a metric: a name or dimensions that neither AWS nor the engine writes. */
function wrongWith(
  { namespace, name, dimensions }: Metric,
  statistic: string,
  emf: ReadonlyMap<string, string[]>,
) {
  const set = dimensions.toSorted().join(",");
  if (namespace === "Millrace")
    return emf.get(`Millrace ${name}`)?.includes(set) ? [] : [`Millrace ${name} by ${set}`];
  const known = documented[namespace]?.[name];
  const isRight = known?.sets.includes(set) && known.statistics.includes(statistic);
  return isRight ? [] : [`${namespace} ${name} by ${set}, ${statistic}`];
}

/** The logical ids in a text for `Fn::Sub`, with the attribute behind the dot, if any. */
const namesIn = (text: string) =>
  [...text.matchAll(/\$\{(?!!|AWS::)([^}]+)\}/g)].map(([, name = ""]) => name.split(".")[0] ?? "");

describe("alarms", () => {
  test("of production are eleven, with every field set, and told when they ring and when they stop", () => {
    expect(alarms().map(({ AlarmName }) => AlarmName.replace("millrace-prod-", ""))).toEqual([
      "tick-stopped",
      "tick-failing",
      "triggers-dead-letters",
      "batch-events-dead-letters",
      "steps-dead-letters-stuck",
      "step-crashing",
      "sweep-behind",
      "triggers-old",
      "steps-old",
      "job-events-undelivered",
      "table-throttled",
    ]);
    for (const { id, DatapointsToAlarm, EvaluationPeriods } of alarms()) {
      expect(prod.resource(id).Condition).toBe("OnAws");
      expect(DatapointsToAlarm).toBeLessThanOrEqual(EvaluationPeriods);
    }
  });

  test("take silence for well, except for the tick's, whose silence is the symptom", () => {
    const ringing = alarms().filter(({ TreatMissingData }) => TreatMissingData === "breaching");
    expect(ringing.map(({ AlarmName }) => AlarmName)).toEqual(["millrace-prod-tick-stopped"]);
  });

  test("say what they mean, what happens meanwhile and what to type, within the length that AWS allows", () => {
    for (const { AlarmDescription } of alarms()) {
      const text = AlarmDescription["Fn::Sub"];
      expect(text).toMatch(
        /^[A-Z].+\. Meanwhile: .+\. Type: (aws|npx millrace) .+ More: docs\/operating\.md#/,
      );
      // An ARN or a URL takes the place of each reference.
      expect(text.replace(/\$\{[^}]+\}/g, "x".repeat(90)).length).toBeLessThanOrEqual(1024);
      expect(namesIn(text).filter((id) => prod.template.Resources[id] === undefined)).toEqual([]);
    }
  });

  test("have a section in docs/operating.md that says how to make them ring, and what to do", () => {
    const page = readFileSync(join(root, "docs/operating.md"), "utf8");
    const sections = new Map(
      page
        .split(/^### /m)
        .slice(1)
        .map((text) => [text.slice(0, text.indexOf("\n")), text] as const),
    );
    for (const name of [...alarms().map(({ AlarmName }) => AlarmName), "job-queue-blocked"]) {
      const section = sections.get(name.replace("millrace-prod-", "")) ?? "";
      expect([name, section]).toEqual([name, expect.stringMatching(/\*\*What to do:\*\*/)]);
      expect([name, section]).toEqual([name, expect.stringMatching(/\*\*Drill:\*\*/)]);
    }
  });

  test("watch every queue that given-up messages go to", () => {
    const queues = prod.resources<{ RedrivePolicy?: { deadLetterTargetArn: unknown } }>("AWS::SQS::Queue");
    const deadLetters = queues.flatMap(({ properties: { RedrivePolicy } }) =>
      RedrivePolicy === undefined ? [] : [referredId(RedrivePolicy.deadLetterTargetArn)],
    );
    const watched = alarms().flatMap(({ Dimensions }) =>
      Dimensions.map(({ Value }) => JSON.stringify(Value)),
    );
    expect(deadLetters.length).toBeGreaterThan(0);
    expect(
      deadLetters.filter((id) => !watched.includes(JSON.stringify({ "Fn::Sub": `\${${id}.QueueName}` }))),
    ).toEqual([]);
  });

  test("and charts are about metrics and dimensions that AWS documents, or that the functions write", async () => {
    const emf = await written();
    const wrong = [
      ...alarms().flatMap(({ Namespace: namespace, MetricName: name, Dimensions, Statistic }) =>
        wrongWith({ namespace, name, dimensions: Dimensions.map(({ Name }) => Name) }, Statistic, emf),
      ),
      ...charts().flatMap(({ stat, fixed, expressions }) => [
        ...fixed.flatMap((metric) => wrongWith(metric, stat, emf)),
        ...expressions.flatMap((expression) => wrongWith(searched(expression), "Sum", emf)),
      ]),
    ];
    expect(wrong).toEqual([]);
  });
});

describe("the engine's metrics", () => {
  test("name the stage as their service, and never a run, a step or an index", async () => {
    const emf = await written();
    expect([...emf.keys()].sort()).toEqual(
      Object.keys(meterDimensions)
        .map((name) => `Millrace ${name}`)
        .sort(),
    );
    const sets = [...new Set([...emf.values()].flat())].sort();
    expect(sets).toEqual(["pipeline,service", "pipeline,service,state", "service", "service,state"]);
  });

  test("of all functions of a stage have the same service", () => {
    for (const { properties } of prod.functions()) {
      expect(properties.Environment.Variables.POWERTOOLS_SERVICE_NAME).toBe("millrace-prod");
    }
  });

  test("each have a place on the dashboard", () => {
    const shown = new Set(
      charts().flatMap(({ fixed, expressions }) =>
        [...fixed, ...expressions.map(searched)].map(({ name }) => name),
      ),
    );
    expect(Object.keys(meterDimensions).filter((name) => !shown.has(name))).toEqual([]);
  });
});

describe("the dashboard", () => {
  test("has widgets side by side in 24 columns, and none over another", () => {
    const taken = new Set<string>();
    for (const { x, y, width, height } of dashboard().widgets) {
      expect(x + width).toBeLessThanOrEqual(24);
      for (let column = x; column < x + width; column += 1)
        for (let line = y; line < y + height; line += 1) {
          expect(taken.has(`${column},${line}`)).toBe(false);
          taken.add(`${column},${line}`);
        }
    }
  });

  test("names nothing that the template lacks", () => {
    const { text, variables } = dashboard();
    const names = [...namesIn(text), ...namesIn(JSON.stringify(variables))];
    const missing = names.filter(
      (name) => prod.template.Resources[name] === undefined && variables[name] === undefined,
    );
    expect(missing).toEqual([]);
    for (const value of Object.values(variables)) {
      const [, , id = ""] = /("Ref":"(\w+)")/.exec(JSON.stringify(value)) ?? [];
      expect(prod.resource(id).Type).toBe("AWS::Batch::JobQueue");
    }
  });

  test("shows the state of every alarm", () => {
    const shown = dashboard().widgets.flatMap((widget) =>
      widget.type === "alarm" ? widget.properties.alarms : [],
    );
    expect(shown).toEqual(alarms().map(({ id }) => `\${${id}.Arn}`));
  });

  test("has a place for every function, queue, rule, index and job queue", () => {
    const { text, variables } = dashboard();
    const named = new Set([
      ...namesIn(text),
      ...Object.values(variables).map((value) => JSON.stringify(value)),
    ]);
    const types = ["AWS::SQS::Queue", "AWS::Events::Rule", "AWS::DynamoDB::Table"];
    // What the functions of job families do is shown with their steps.
    const all = [...prod.functions(), ...types.flatMap((type) => prod.resources(type))];
    const without = all.filter(({ id }) => !named.has(id));
    expect(without.map(({ id }) => id)).toEqual([]);
    const jobQueues = prod.resources("AWS::Batch::JobQueue").map(({ id }) => id);
    const searchedFor = Object.values(variables).map((value) => JSON.stringify(value));
    expect(jobQueues.filter((id) => !searchedFor.some((value) => value.includes(`"${id}"`)))).toEqual([]);
    const [table] = prod.resources<{ GlobalSecondaryIndexes: { IndexName: string }[] }>(
      "AWS::DynamoDB::Table",
    );
    const indexes = charts()
      .flatMap(({ fixed }) => fixed)
      .filter(({ dimensions }) => dimensions.includes("GlobalSecondaryIndexName"))
      .map(({ values }) => values[1]);
    expect(indexes).toEqual(table?.properties.GlobalSecondaryIndexes.map(({ IndexName }) => IndexName));
  });

  test("draws an alarm's threshold on each chart that shows its metric", () => {
    const key = ({ namespace, name }: Metric, values: readonly string[]) =>
      [namespace, name, ...values].join(" ");
    const textOf = (value: unknown) =>
      typeof value === "string" ? value : String(Object.values(Object(value))[0]);
    for (const { AlarmName, Namespace, MetricName, Dimensions, Threshold } of alarms()) {
      const metric = { namespace: Namespace, name: MetricName, dimensions: [] };
      const own = key(
        metric,
        Dimensions.map(({ Value }) => textOf(Value)),
      );
      // Where the threshold is zero, every point that is above the axis is beyond it.
      const showing = charts().filter(
        ({ fixed }) => Threshold > 0 && fixed.some((shown) => key(shown, shown.values) === own),
      );
      const without = showing.filter(
        ({ limits }) =>
          !limits.some(
            ({ label, value }) => AlarmName.endsWith(label.replace("alarm ", "")) && value === Threshold,
          ),
      );
      expect([AlarmName, without.map(({ title }) => title)]).toEqual([AlarmName, []]);
    }
  });

  test("draws the time limits of the functions whose durations it shows", () => {
    const [durations] = charts().filter(({ fixed }) => fixed.some(({ name }) => name === "Duration"));
    const timeouts = durations?.fixed.map(({ values: [value = ""] }) => {
      const [id = ""] = namesIn(value);
      return Number(prod.resource(id).Properties.Timeout) * 1000;
    });
    expect(durations?.limits.map(({ value }) => value).sort()).toEqual([...new Set(timeouts)].sort());
  });

  test("names at most fifty metrics, which AWS shows for nothing", () => {
    const metrics = new Set(
      charts().flatMap(({ fixed }) =>
        fixed.map(({ namespace, name, values }) => [namespace, name, ...values].join(" ")),
      ),
    );
    expect(metrics.size).toBeLessThanOrEqual(50);
  });

  test("searches for metrics of its own stage only", () => {
    const searches = charts()
      .flatMap(({ expressions }) => expressions)
      .filter((expression) => searched(expression).namespace === "Millrace");
    expect(searches.length).toBeGreaterThan(0);
    expect(searches.filter((expression) => !expression.includes('service="millrace-prod"'))).toEqual([]);
  });

  test("reads no logs, because every refresh would cost by the gigabyte", () => {
    const kinds = ["text", "alarm", "custom", "metric"];
    expect(dashboard().widgets.filter(({ type }) => !kinds.includes(type))).toEqual([]);
  });
});

describe("the console on the dashboard", () => {
  const custom = () => dashboard().widgets.filter((widget) => widget.type === "custom");

  test("asks the function that changes nothing, for pages that are built", () => {
    const asked = custom().map(({ properties: { endpoint, params, updateOn } }) => {
      const { page } = requestOf(readEvent(params));
      return { endpoint, isShown: isShown(page), refresh: updateOn.refresh };
    });
    const endpoint = `\${ConsoleLambdaFunction.Arn}`;
    expect(asked).toEqual([
      { endpoint, isShown: true, refresh: true },
      { endpoint, isShown: true, refresh: false },
    ]);
  });

  test.each([
    ["ConsoleViewer", ["ConsoleLambdaFunction"]],
    ["ConsoleOperator", ["ConsoleLambdaFunction", "ConsoleDashactLambdaFunction"]],
  ])("is opened by people with %s, who may invoke %j and nothing else", (id, functions) => {
    const { PolicyDocument } = prod.resource(id).Properties as Policy;
    expect(PolicyDocument.Statement.map(({ Action }) => Action)).toEqual([
      "cloudwatch:GetDashboard",
      "lambda:InvokeFunction",
    ]);
    const [open, ask] = PolicyDocument.Statement;
    expect(JSON.stringify(open?.Resource)).toContain(`:dashboard/\${Dashboard}"`);
    expect([ask?.Resource].flat().map(referredId)).toEqual(functions);
    expect(prod.resource(id).Properties).not.toHaveProperty("Roles");
    expect(prod.template.Outputs).toHaveProperty([`${id}Arn`, "Value"], { Ref: id });
  });
});

describe("a blocked job queue", () => {
  test("is told to the topic for alarms, with the queue and the reason, for our four queues only", () => {
    const rule = z
      .object({
        EventPattern: z.object({
          "detail-type": z.tuple([z.literal("Batch Job Queue Blocked")]),
          detail: z.object({ jobQueue: z.array(z.unknown()) }),
        }),
        Targets: z.tuple([
          z.object({
            Arn: z.strictObject({ Ref: z.literal("AlarmTopic") }),
            InputTransformer: z.object({
              InputPathsMap: z.record(z.string(), z.string()),
              InputTemplate: z.string(),
            }),
          }),
        ]),
      })
      .parse(prod.resource("JobQueueBlockedRule").Properties);
    expect(rule.EventPattern.detail.jobQueue.map(referredId).sort()).toEqual(
      prod
        .resources("AWS::Batch::JobQueue")
        .map(({ id }) => id)
        .sort(),
    );
    const [{ InputTransformer }] = rule.Targets;
    const used = [...InputTransformer.InputTemplate.matchAll(/<(\w+)>/g)].map(([, name]) => name);
    expect(used.toSorted()).toEqual(Object.keys(InputTransformer.InputPathsMap).sort());
    expect(Object.values(InputTransformer.InputPathsMap)).toEqual(
      expect.arrayContaining(["$.detail.jobQueue", "$.detail.statusReason"]),
    );
  });

  test("may be told: alarms, rules and budgets publish to the topic, and nobody without TLS", () => {
    const { PolicyDocument } = prod.resource("AlarmTopicPolicy").Properties as {
      PolicyDocument: { Statement: { Effect: string; Principal: unknown }[] };
    };
    expect(PolicyDocument.Statement.map(({ Effect, Principal }) => [Effect, Principal])).toEqual([
      ["Allow", { Service: "cloudwatch.amazonaws.com" }],
      ["Allow", { Service: "events.amazonaws.com" }],
      ["Allow", { Service: "budgets.amazonaws.com" }],
      ["Deny", "*"],
    ]);
  });
});
