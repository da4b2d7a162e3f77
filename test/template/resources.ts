import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { needsFunction } from "../../resources/family-functions.ts";
import { contentHash, imageFiles } from "../../resources/images/content-hash.ts";
import { listFamilies } from "../../resources/images/family.ts";
import { functionMemory, maxFunctionSeconds } from "../../shared/pipeline/job.ts";
import { maxLambdaTimeout } from "../../shared/pipeline/task-kinds.ts";
import { lastLook } from "../../shared/run/end-run.ts";
import { largeWorkerMegabytes, stepWorkerMegabytes } from "../../shared/run/run-cost.ts";
import { commitReserve } from "../../shared/run/tail-call.ts";
import { engineBudget } from "../engine-budget.ts";
import {
  type FunctionProperties,
  type MappingProperties,
  type PackagedStage,
  type Policy,
  referredId,
  root,
  run,
} from "../packaged-template.ts";
import { listed } from "../run-table.ts";
import { packagedStages } from "./stages.ts";

// What the local stack would not refuse but AWS would, and what security and cost ask for, in the packaged template.

type QueueProperties = {
  QueueName: string;
  VisibilityTimeout?: number;
  MessageRetentionPeriod?: number;
  RedrivePolicy?: { deadLetterTargetArn: unknown; maxReceiveCount: number };
};

let prod: PackagedStage;
let bare: PackagedStage;
let local: PackagedStage;

beforeAll(() => {
  ({ prod, local, bare } = packagedStages());
});

describe("the template as a whole", () => {
  test("passes cfn-lint", async () => {
    // dev differs from prod in numbers only.
    const files = [prod, local].map(({ templatePath }) => templatePath);
    await expect(run(join(root, ".venv/bin/cfn-lint"), files, { cwd: root })).resolves.toMatchObject({
      stdout: "",
    });
  }, 180_000);

  test("contains no account or region", () => {
    expect(JSON.stringify(prod.template)).not.toMatch(/\b\d{12}\b/);
    expect(JSON.stringify(prod.template)).not.toMatch(/us-east-1|arn:aws:(?!\$)/);
  });

  test("indexes for lists of runs contain the fields that lists show", () => {
    type Index = { IndexName: string; Projection: { NonKeyAttributes?: string[] } };
    const [table] = prod.resources<{ GlobalSecondaryIndexes: Index[] }>("AWS::DynamoDB::Table");
    const indexes = table?.properties.GlobalSecondaryIndexes ?? [];
    const held = indexes.flatMap(({ IndexName, Projection: { NonKeyAttributes } }) =>
      NonKeyAttributes === undefined ? [] : [[IndexName, NonKeyAttributes.toSorted()] as const],
    );
    expect(held).toEqual([
      ["runs-by-pipeline", listed.toSorted()],
      ["runs-by-state", listed.toSorted()],
    ]);
  });

  test("contains nothing that costs money when idle", () => {
    const waiting =
      /NatGateway|::EIP$|::EC2::Instance$|LoadBalancer|::RDS::|ElastiCache|::ECS::Service|::KMS::Key|SecretsManager/;
    const types = Object.values(prod.template.Resources).map(({ Type }) => Type);
    expect(types.filter((type) => waiting.test(type))).toEqual([]);
    for (const { properties } of prod.resources("AWS::EC2::VPCEndpoint")) {
      expect(properties).toMatchObject({ VpcEndpointType: "Gateway" });
    }
    expect(JSON.stringify(prod.template)).not.toMatch(/ProvisionedConcurren/);
  });

  test("omits resources that only AWS has from the local stage", () => {
    const unconditional = Object.entries(local.template.Resources)
      .filter(([, { Type, Condition }]) => /::(Batch|EC2|CloudWatch)::/.test(Type) && Condition !== "OnAws")
      .map(([id]) => id);
    expect(unconditional).toEqual([]);
  });
});

describe("queues", () => {
  const functions = () => new Map(prod.functions().map(({ id, properties }) => [id, properties]));
  const mappings = () => prod.resources<MappingProperties>("AWS::Lambda::EventSourceMapping");

  test("hide a message for six times their function's timeout", () => {
    for (const { properties } of mappings()) {
      const queue = prod.resource(referredId(properties.EventSourceArn)).Properties as QueueProperties;
      const timeout = functions().get(referredId(properties.FunctionName))?.Timeout ?? Number.NaN;
      expect([queue.QueueName, queue.VisibilityTimeout ?? 30]).toEqual([queue.QueueName, 6 * timeout]);
    }
  });

  test("of the local stage hide a message for longer than their function may run, as on AWS", () => {
    for (const { properties } of local.resources<MappingProperties>("AWS::Lambda::EventSourceMapping")) {
      const queue = local.resource(referredId(properties.EventSourceArn)).Properties;
      const { Timeout } = local.resource(referredId(properties.FunctionName)).Properties;
      expect(Number(queue.VisibilityTimeout)).toBeGreaterThan(Number(Timeout));
    }
  });

  test("report each message of a batch separately", () => {
    for (const { properties } of mappings()) {
      expect(properties).toMatchObject({ FunctionResponseTypes: ["ReportBatchItemFailures"] });
    }
  });

  test("move undeliverable messages to a queue that keeps them for 14 days", () => {
    const queues = prod.resources<QueueProperties>("AWS::SQS::Queue");
    const working = queues.filter(({ properties }) => !properties.QueueName.endsWith("-dead-letters"));
    expect(working.map(({ properties }) => properties.QueueName).sort()).toEqual([
      "millrace-prod-batch-events",
      "millrace-prod-steps",
      "millrace-prod-steps-large",
      "millrace-prod-triggers",
    ]);
    for (const { properties } of working) {
      expect(properties.RedrivePolicy?.maxReceiveCount).toBe(5);
      expect(
        prod.resource(referredId(properties.RedrivePolicy?.deadLetterTargetArn)).Properties,
      ).toMatchObject({
        // Whatever the size of its worker, a step that cannot be worked on is ended by the same function.
        QueueName: `${properties.QueueName.replace(/-large$/, "")}-dead-letters`,
        MessageRetentionPeriod: 14 * 24 * 3600,
      });
    }
  });

  test("are encrypted and closed to connections without TLS", () => {
    const policies = prod.resources<Policy & { Queues: unknown[] }>("AWS::SQS::QueuePolicy");
    for (const { id, properties } of prod.resources<QueueProperties>("AWS::SQS::Queue")) {
      expect(properties).toMatchObject({ SqsManagedSseEnabled: true });
      const statements = policies
        .filter((policy) => policy.properties.Queues.some((queue) => referredId(queue) === id))
        .flatMap((policy) => policy.properties.PolicyDocument.Statement);
      expect(statements).toContainEqual(
        expect.objectContaining({
          Effect: "Deny",
          Principal: "*",
          Action: "sqs:*",
          Resource: { "Fn::GetAtt": [id, "Arn"] },
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        }),
      );
    }
  });

  test("let AWS services send only for the stage's own bucket and rule", () => {
    const senders = prod
      .resources<Policy>("AWS::SQS::QueuePolicy")
      .flatMap(({ properties }) => properties.PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === "Allow");
    expect(senders.map(({ Sid }) => Sid).sort()).toEqual(["LetTheDataBucketSend", "LetTheRuleSend"]);
    for (const { Action, Condition } of senders) {
      expect(Action).toBe("sqs:SendMessage");
      expect(Condition).toMatchObject({ ArnEquals: { "aws:SourceArn": expect.anything() } });
    }
  });
});

describe("stored data", () => {
  test("the bucket is private, encrypted, versioned and kept", () => {
    const bucket = prod.resource("DataBucket");
    expect(bucket).toMatchObject({ DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
    expect(bucket.Properties).toMatchObject({
      BucketEncryption: expect.anything(),
      VersioningConfiguration: { Status: "Enabled" },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    expect(prod.resource("DataBucketPolicy").Properties).toMatchObject({
      PolicyDocument: {
        Statement: [{ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }],
      },
    });
  });

  test("only old versions and temporary objects expire under raw/ or runs/", () => {
    const rules = (
      prod.resource("DataBucket").Properties.LifecycleConfiguration as { Rules: Record<string, unknown>[] }
    ).Rules;
    const expiring = rules.filter((rule) => rule.ExpirationInDays !== undefined);
    expect(expiring.map(({ Prefix, TagFilters }) => Prefix ?? TagFilters)).toEqual([
      "tmp/",
      [{ Key: "temporary", Value: "true" }],
    ]);
    // Registered models: no rule is about them, current or not.
    const prefixes = rules.flatMap(({ Prefix }) => (typeof Prefix === "string" ? [Prefix] : []));
    expect(prefixes.filter((prefix) => "models/".startsWith(prefix))).toEqual([]);
    const general = rules.filter(
      ({ Prefix, TagFilters }) => Prefix === undefined && TagFilters === undefined,
    );
    expect(general.map(({ Id }) => Id)).toEqual(["abort-incomplete-uploads"]);
  });

  test("every function knows the deployed commit, because runs keep it", () => {
    for (const { properties } of prod.functions())
      expect(properties.Environment.Variables.GIT_COMMIT).toMatch(/^[0-9a-f]{40}(-dirty)?$|^unknown: /);
  });

  test("the step workers know the versions of the jobs", () => {
    const workers = prod
      .functions()
      .filter(({ properties }) => properties.Handler === "functions/step.handler");
    expect(workers).toHaveLength(2);
    for (const { properties } of workers) {
      expect(properties.Environment.Variables.JOB_VERSIONS).toBeDefined();
    }
  });

  test("the bucket may notify its queue before its notifications are configured", () => {
    // AWS tries the notification when it creates the bucket; the local stack does not look at the policy.
    expect(prod.resource("DataBucket").DependsOn).toContain("TriggersQueuePolicy");
    expect(JSON.stringify(prod.resource("DataBucket"))).toContain('{"Name":"prefix","Value":"raw/"}');
  });

  test("the table is protected, recoverable, encrypted and billed by use", () => {
    const table = prod.resource("Table");
    expect(table).toMatchObject({ DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
    expect(table.Properties).toMatchObject({
      BillingMode: "PAY_PER_REQUEST",
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
      TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
    });
  });

  test("logs expire", () => {
    const groups = prod.resources<{ LogGroupName: string; RetentionInDays?: number }>("AWS::Logs::LogGroup");
    const functions = prod.functions();
    expect(groups.map(({ properties }) => properties.LogGroupName).sort()).toEqual(
      [
        "/aws/batch/millrace-prod",
        ...[...functions, ...prod.jobFunctions()].map((f) => `/aws/lambda/${f.properties.FunctionName}`),
      ].sort(),
    );
    for (const { properties } of groups) expect(properties.RetentionInDays).toBeGreaterThanOrEqual(14);
  });
});

describe("notices", () => {
  test("by e-mail go to a topic that is closed to connections without TLS", () => {
    expect(prod.resource("NoticeTopicPolicy").Properties).toMatchObject({
      Topics: [{ Ref: "NoticeTopic" }],
      PolicyDocument: {
        Statement: [{ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }],
      },
    });
  });

  test("are sent by the step worker, which is the only one that knows the topic", () => {
    const knowing = prod
      .functions()
      .filter(({ properties }) => "NOTICE_TOPIC_ARN" in properties.Environment.Variables);
    expect(knowing.map(({ id }) => id)).toEqual(["StepLambdaFunction"]);
  });
});

describe("functions", () => {
  test("run on the runtime of the scripts, and have no address of a local server", () => {
    for (const { properties } of prod.functions()) {
      expect(properties.Runtime).toBe("nodejs24.x");
      expect(Object.keys(properties.Environment.Variables).filter((name) => name.startsWith("AWS_"))).toEqual(
        [],
      );
    }
  });

  test.each([
    ["step", "small", stepWorkerMegabytes],
    ["step-large", "large", largeWorkerMegabytes],
  ])("%s runs %s steps, with the memory that cost estimates assume", (name, size, megabytes) => {
    for (const stage of [prod, local]) {
      const found = stage
        .resources<FunctionProperties & { MemorySize: number }>("AWS::Lambda::Function")
        .find(({ properties }) => properties.FunctionName.endsWith(`-${name}`));
      expect(found?.properties).toMatchObject({ Handler: "functions/step.handler", MemorySize: megabytes });
      expect(found?.properties.Environment.Variables.WORKER_SIZE ?? "small").toBe(size);
    }
  });

  test("time out before the last look at a cancelled run", () => {
    for (const stage of [prod, local]) {
      const timeouts = stage
        .functions()
        .map(({ id, properties }) => [id, properties.Timeout * 1000] as const);
      expect(timeouts.filter(([, milliseconds]) => milliseconds >= lastLook)).toEqual([]);
    }
  });

  test("that run steps have time for the longest function, and to commit its result", () => {
    const workers = prod
      .functions()
      .filter(({ properties }) => properties.Handler === "functions/step.handler");
    expect(workers).toHaveLength(2);
    for (const { properties } of workers) {
      expect(properties.Timeout * 1000).toBeGreaterThanOrEqual(maxLambdaTimeout * 1000 + commitReserve);
    }
  });

  test("that run steps are not stopped for sending to their own queues", () => {
    const workers = prod
      .resources<FunctionProperties & { RecursiveLoop?: string }>("AWS::Lambda::Function")
      .filter(({ properties }) => properties.Handler === "functions/step.handler");
    expect(workers.map(({ properties }) => properties.RecursiveLoop)).toEqual(["Allow", "Allow"]);
  });

  test("run one large step at a time, and only the small step worker knows the queue of large steps", () => {
    const mapping = prod
      .resources<MappingProperties & { BatchSize: number }>("AWS::Lambda::EventSourceMapping")
      .find(({ properties }) => referredId(properties.EventSourceArn) === "StepsLargeQueue");
    expect(mapping?.properties.BatchSize).toBe(1);
    const senders = prod
      .functions()
      .filter(({ properties }) => "STEPS_LARGE_QUEUE_URL" in properties.Environment.Variables);
    expect(senders.map(({ id }) => id)).toEqual(["StepLambdaFunction"]);
  });

  test("contain at most 400 KB of engine each, whatever the pipelines; the console's pages and answers more", () => {
    const archives = readdirSync(bare.folder).filter((name) => name.endsWith(".zip"));
    expect(archives).toHaveLength(10);
    const sizes = archives.map((name) => [name, unpackedBytes(join(bare.folder, name))] as const);
    const isOver = ([name, bytes]: readonly [string, number]) =>
      bytes > engineBudget(name.replace(".zip", ""));
    expect(sizes.filter(isOver)).toEqual([]);
  });

  test("run the tick without retries, because the next minute has its own", () => {
    expect(prod.resource("TickLambdaEvConf").Properties).toMatchObject({ MaximumRetryAttempts: 0 });
    expect(prod.resource("TickSchedule").Properties).toMatchObject({
      ScheduleExpression: "rate(1 minute)",
      Target: { RetryPolicy: { MaximumRetryAttempts: 0 } },
    });
  });
});

describe("Batch", () => {
  test("compute environments can be updated in place and cost nothing when idle", () => {
    const environments = prod.resources<{ ComputeResources: Record<string, unknown> }>(
      "AWS::Batch::ComputeEnvironment",
    );
    expect(environments).toHaveLength(4);
    for (const { properties } of environments) {
      expect(properties).toMatchObject({
        ReplaceComputeEnvironment: false,
        ComputeResources: { MinvCpus: 0 },
      });
      expect(properties).not.toHaveProperty("ComputeEnvironmentName");
      expect(properties).not.toHaveProperty("ServiceRole");
      expect(properties.ComputeResources).not.toHaveProperty("DesiredvCpus");
      expect([properties.ComputeResources.Type, properties.ComputeResources.AllocationStrategy]).toEqual(
        properties.ComputeResources.Type === "SPOT"
          ? ["SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED"]
          : ["EC2", "BEST_FIT_PROGRESSIVE"],
      );
    }
  });

  test("job queues have no fixed names and give up on jobs that cannot start", () => {
    const queues = prod.resources<{ JobStateTimeLimitActions: { MaxTimeSeconds: number }[] }>(
      "AWS::Batch::JobQueue",
    );
    expect(queues).toHaveLength(4);
    for (const { properties } of queues) {
      expect(properties).not.toHaveProperty("JobQueueName");
      expect(properties.JobStateTimeLimitActions).toHaveLength(3);
      for (const { MaxTimeSeconds } of properties.JobStateTimeLimitActions) {
        expect(MaxTimeSeconds).toBeGreaterThanOrEqual(600);
        expect(MaxTimeSeconds).toBeLessThanOrEqual(86_400);
      }
    }
  });

  test("each family under batch-jobs/ has a job definition, and there are no others", () => {
    expect(
      prod.resources("AWS::Batch::JobDefinition").map(({ properties }) => properties.JobDefinitionName),
    ).toEqual(listFamilies(root).map((family) => `millrace-prod-${family}`));
  });

  test("functions that submit jobs know the content hash of each family's image", () => {
    const versions = Object.fromEntries(
      listFamilies(root).map((family) => [family, contentHash(imageFiles(root, family))]),
    );
    const told = prod
      .functions()
      .filter(({ properties }) => "BATCH_JOB_QUEUES" in properties.Environment.Variables)
      .map(({ properties }) => properties.Environment.Variables.JOB_VERSIONS);
    expect(told).toHaveLength(6);
    for (const text of told) expect(JSON.parse(String(text))).toEqual(versions);
  });

  test("each family whose contracts say so has a function that runs its image, and no other has", () => {
    const families = listFamilies(root).filter((family) => needsFunction(root, family));
    expect(families).toContain("ridge");
    expect(prod.jobFunctions().map(({ properties }) => properties.Environment.Variables.FAMILY)).toEqual(
      families,
    );
    for (const { properties } of prod.jobFunctions()) {
      expect(properties).toMatchObject({
        PackageType: "Image",
        ImageConfig: { Command: ["millrace_job.function.handler"] },
        MemorySize: functionMemory,
        Timeout: maxFunctionSeconds,
      });
      const definition = prod
        .resources<{ JobDefinitionName: string; ContainerProperties: { Image: string } }>(
          "AWS::Batch::JobDefinition",
        )
        .find(({ properties: { JobDefinitionName } }) =>
          JobDefinitionName.endsWith(`-${properties.Environment.Variables.FAMILY}`),
        );
      expect(properties.Code.ImageUri).toBe(definition?.properties.ContainerProperties.Image);
    }
  });

  test("Lambda tries a job's call once, and reports every end to the queue of Batch's events", () => {
    const settings = prod.resources<{
      FunctionName: unknown;
      MaximumRetryAttempts: number;
      DestinationConfig: Record<"OnSuccess" | "OnFailure", { Destination: unknown }>;
    }>("AWS::Lambda::EventInvokeConfig");
    const called = settings.map(({ properties }) => referredId(properties.FunctionName));
    for (const { id } of prod.jobFunctions()) expect(called).toContain(id);
    for (const { properties } of settings.filter(({ id }) => id.endsWith("JobFunctionCalls"))) {
      expect(properties.MaximumRetryAttempts).toBe(0);
      const { OnSuccess, OnFailure } = properties.DestinationConfig;
      expect([OnSuccess, OnFailure].map(({ Destination }) => referredId(Destination))).toEqual([
        "BatchEventsQueue",
        "BatchEventsQueue",
      ]);
    }
  });

  test("the local stage runs the working tree's jobs instead of images", () => {
    for (const { properties } of local.jobFunctions()) {
      expect(properties.PackageType).toBeUndefined();
      expect(properties.Code.ZipFile).toContain("MILLRACE_WORKER");
    }
  });

  test("a deployment keeps revisions that queued jobs refer to", () => {
    for (const { properties } of prod.resources("AWS::Batch::JobDefinition")) {
      expect(properties).toMatchObject({ ResourceRetentionPolicy: { SkipDeregisterOnUpdate: true } });
    }
  });

  test("Batch itself retries only failures that are not the job's own", () => {
    for (const { properties } of prod.resources<{
      RetryStrategy: { EvaluateOnExit: Record<string, string>[] };
    }>("AWS::Batch::JobDefinition")) {
      const rules = properties.RetryStrategy.EvaluateOnExit;
      expect(rules.length).toBeLessThanOrEqual(5);
      expect(rules.at(-1)).toEqual({ OnReason: "*", Action: "EXIT" });
      expect(rules.slice(0, -1).every(({ Action }) => Action === "RETRY")).toBe(true);
    }
  });

  test("images are named by digest, or by an address that the deployment refuses", () => {
    for (const { properties } of prod.resources<{ ContainerProperties: { Image: string } }>(
      "AWS::Batch::JobDefinition",
    )) {
      expect(properties.ContainerProperties.Image).toMatch(/@sha256:[0-9a-f]{64}$|^images\.invalid\//);
    }
  });

  test("events of the account's other job queues are not delivered", () => {
    const pattern = prod.resource("BatchStateChangeRule").Properties.EventPattern as {
      "Fn::If": [string, { detail: { jobQueue: unknown[] } }, unknown];
    };
    expect(pattern["Fn::If"][1].detail.jobQueue.map(referredId).sort()).toEqual(
      prod
        .resources("AWS::Batch::JobQueue")
        .map(({ id }) => id)
        .sort(),
    );
  });
});

/** Bytes of all files of a zip archive, unpacked, from its central directory. */
function unpackedBytes(path: string): number {
  const archive = readFileSync(path);
  const entry = Buffer.from("PK\x01\x02", "latin1");
  let total = 0;
  for (let at = archive.indexOf(entry); at >= 0; at = archive.indexOf(entry, at + 1)) {
    total += archive.readUInt32LE(at + 24);
  }
  return total;
}
