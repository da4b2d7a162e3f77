import { execFile } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { listFamilies } from "../resources/images/family.ts";

// What the local stack would not refuse but AWS would, and what security and cost ask for, in the packaged template.

type Resource = {
  Type: string;
  Condition?: string;
  DependsOn?: string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Properties: Record<string, unknown>;
};
type Template = { Resources: Record<string, Resource> };
type Statement = {
  Sid?: string;
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: unknown;
};
type Policy = { PolicyDocument: { Statement: Statement[] } };
type FunctionProperties = {
  FunctionName: string;
  Timeout: number;
  Role: unknown;
  Runtime: string;
  Environment: { Variables: Record<string, unknown> };
};
type QueueProperties = {
  QueueName: string;
  VisibilityTimeout?: number;
  MessageRetentionPeriod?: number;
  RedrivePolicy?: { deadLetterTargetArn: unknown; maxReceiveCount: number };
};
type Access = { owner: string; action: string; resource: unknown };

const run = promisify(execFile);
const root = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "millrace-template-"));
const templates: Record<string, Template> = {};
let prod: Template;

/**
 * Packages as in an offline build: no credentials, and a proxy that refuses everything. In a folder of its own that
 * links to the sources, because sls works in `.serverless/` beside its configuration, where a deployment may be at it.
 */
async function packageStage(stage: string): Promise<void> {
  const service = join(folder, stage);
  mkdirSync(service);
  for (const name of readdirSync(root).filter((name) => !name.startsWith("."))) {
    symlinkSync(join(root, name), join(service, name));
  }
  // The configuration itself must be a file: sls follows no link to it.
  rmSync(join(service, "serverless.yml"));
  copyFileSync(join(root, "serverless.yml"), join(service, "serverless.yml"));
  const nowhere = "http://127.0.0.1:9";
  await run("sls", ["package", "--stage", stage], {
    cwd: service,
    env: {
      PATH: [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter),
      HOME: folder,
      AWS_ENDPOINT_URL: nowhere,
      HTTPS_PROXY: nowhere,
      HTTP_PROXY: nowhere,
      AWS_EC2_METADATA_DISABLED: "true",
    },
  });
  templates[stage] = JSON.parse(readFileSync(templatePath(stage), "utf8")) as Template;
}

function templatePath(stage: string): string {
  return join(folder, stage, ".serverless", "cloudformation-template-update-stack.json");
}

function template(stage: string): Template {
  const found = templates[stage];
  if (found === undefined) throw new Error(`stage ${stage} was not packaged`);
  return found;
}

/** The template's resources of a type, with their logical ids; at least one. */
function resources<P = Record<string, unknown>>(type: string, from: Template = prod) {
  const found = Object.entries(from.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, resource]) => ({ ...resource, id, properties: resource.Properties as P }));
  if (found.length === 0) throw new Error(`the template has no ${type}`);
  return found;
}

function resource(id: string): Resource {
  const found = prod.Resources[id];
  if (found === undefined) throw new Error(`the template has no resource ${id}`);
  return found;
}

/** The logical id that `!GetAtt id.Arn` or `!Ref id` names. */
function referredId(value: unknown): string {
  const reference = value as { "Fn::GetAtt"?: [string, string]; Ref?: string };
  const id = reference["Fn::GetAtt"]?.[0] ?? reference.Ref;
  if (id === undefined) throw new Error(`${JSON.stringify(value)} refers to nothing`);
  return id;
}

const listed = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** Everything that any role or policy allows, an entry for each pair of action and resource. */
function allowed(): Access[] {
  const inline = resources<{ Policies?: Policy[] }>("AWS::IAM::Role").flatMap(({ id, properties }) =>
    (properties.Policies ?? []).map((policy) => ({ owner: id, policy })),
  );
  const managed = resources<Policy>("AWS::IAM::ManagedPolicy").map(({ id, properties }) => ({
    owner: id,
    policy: properties,
  }));
  return [...inline, ...managed].flatMap(({ owner, policy }) =>
    policy.PolicyDocument.Statement.filter(({ Effect }) => Effect === "Allow").flatMap((statement) =>
      listed(statement.Action).flatMap((action) =>
        listed(statement.Resource).map((resource) => ({ owner, action: String(action), resource })),
      ),
    ),
  );
}

beforeAll(async () => {
  await Promise.all(["prod", "local"].map(packageStage));
  prod = template("prod");
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the template as a whole", () => {
  test("passes cfn-lint", async () => {
    // dev differs from prod in numbers only.
    const files = ["prod", "local"].map(templatePath);
    await expect(run(join(root, ".venv/bin/cfn-lint"), files, { cwd: root })).resolves.toMatchObject({
      stdout: "",
    });
  }, 60_000);

  test("fits no single account or region", () => {
    expect(JSON.stringify(prod)).not.toMatch(/\b\d{12}\b/);
    expect(JSON.stringify(prod)).not.toMatch(/us-east-1|arn:aws:(?!\$)/);
  });

  test("holds nothing that costs while it waits", () => {
    const waiting =
      /NatGateway|::EIP$|::EC2::Instance$|LoadBalancer|::RDS::|ElastiCache|::ECS::Service|::KMS::Key|SecretsManager/;
    const types = Object.values(prod.Resources).map(({ Type }) => Type);
    expect(types.filter((type) => waiting.test(type))).toEqual([]);
    for (const { properties } of resources("AWS::EC2::VPCEndpoint")) {
      expect(properties).toMatchObject({ VpcEndpointType: "Gateway" });
    }
    expect(JSON.stringify(prod)).not.toMatch(/ProvisionedConcurren/);
  });

  test("keeps what only AWS has out of the local stage", () => {
    const unconditional = Object.entries(template("local").Resources)
      .filter(
        ([, { Type, Condition }]) => /::(Batch|EC2|SNS|CloudWatch)::/.test(Type) && Condition !== "OnAws",
      )
      .map(([id]) => id);
    expect(unconditional).toEqual([]);
  });
});

describe("queues", () => {
  const functions = () =>
    new Map(
      resources<FunctionProperties>("AWS::Lambda::Function").map(({ id, properties }) => [id, properties]),
    );
  const mappings = () =>
    resources<{ EventSourceArn: unknown; FunctionName: unknown }>("AWS::Lambda::EventSourceMapping");

  test("hide a message for six times their function's timeout", () => {
    for (const { properties } of mappings()) {
      const queue = resource(referredId(properties.EventSourceArn)).Properties as QueueProperties;
      const timeout = functions().get(referredId(properties.FunctionName))?.Timeout ?? Number.NaN;
      expect([queue.QueueName, queue.VisibilityTimeout ?? 30]).toEqual([queue.QueueName, 6 * timeout]);
    }
  });

  test("locally hide a message for longer than their function may run, or AWS's rule would be broken there too", () => {
    for (const { properties } of resources<{ EventSourceArn: unknown; FunctionName: unknown }>(
      "AWS::Lambda::EventSourceMapping",
      template("local"),
    )) {
      const queue = template("local").Resources[referredId(properties.EventSourceArn)]?.Properties;
      const timeout = template("local").Resources[referredId(properties.FunctionName)]?.Properties.Timeout;
      expect(Number(queue?.VisibilityTimeout)).toBeGreaterThan(Number(timeout));
    }
  });

  test("answer for each message of a batch apart", () => {
    for (const { properties } of mappings()) {
      expect(properties).toMatchObject({ FunctionResponseTypes: ["ReportBatchItemFailures"] });
    }
  });

  test("give a message up to a queue that keeps it for 14 days", () => {
    const queues = resources<QueueProperties>("AWS::SQS::Queue");
    const working = queues.filter(({ properties }) => !properties.QueueName.endsWith("-dead-letters"));
    expect(working.map(({ properties }) => properties.QueueName).sort()).toEqual([
      "millrace-prod-batch-events",
      "millrace-prod-steps",
      "millrace-prod-triggers",
    ]);
    for (const { properties } of working) {
      expect(properties.RedrivePolicy?.maxReceiveCount).toBe(5);
      expect(resource(referredId(properties.RedrivePolicy?.deadLetterTargetArn)).Properties).toMatchObject({
        QueueName: `${properties.QueueName}-dead-letters`,
        MessageRetentionPeriod: 14 * 24 * 3600,
      });
    }
  });

  test("are encrypted and closed to connections without TLS", () => {
    const policies = resources<Policy & { Queues: unknown[] }>("AWS::SQS::QueuePolicy");
    for (const { id, properties } of resources<QueueProperties>("AWS::SQS::Queue")) {
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

  test("take messages of services from our own bucket and rule only", () => {
    const senders = resources<Policy>("AWS::SQS::QueuePolicy")
      .flatMap(({ properties }) => properties.PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === "Allow");
    expect(senders.map(({ Sid }) => Sid).sort()).toEqual(["LetTheDataBucketSend", "LetTheRuleSend"]);
    for (const { Action, Condition } of senders) {
      expect(Action).toBe("sqs:SendMessage");
      expect(Condition).toMatchObject({ ArnEquals: { "aws:SourceArn": expect.anything() } });
    }
  });
});

describe("permissions", () => {
  /** Actions that name no resource, with the reason. */
  const withoutResource: Record<string, string> = {
    "xray:PutTraceSegments": "X-Ray has no resources",
    "xray:PutTelemetryRecords": "X-Ray has no resources",
    "batch:DescribeJobs": "the action knows no resources",
    "batch:ListJobs": "the action knows no resources",
    "ecr:GetAuthorizationToken": "a token is for the account's registry",
  };

  test("no function shares its role", () => {
    const roles = resources<FunctionProperties>("AWS::Lambda::Function").map(({ properties }) =>
      referredId(properties.Role),
    );
    expect(roles).toHaveLength(7);
    expect(new Set(roles).size).toBe(roles.length);
  });

  test("every permission names its resources, or has a reason not to", () => {
    const open = allowed().filter(({ resource }) => resource === "*");
    expect(open.filter(({ action }) => withoutResource[action] === undefined)).toEqual([]);
  });

  test("no permission is a pattern of actions", () => {
    expect(allowed().filter(({ action }) => action.includes("*"))).toEqual([]);
  });

  test("a function writes to its own log and to no other", () => {
    for (const { properties } of resources<FunctionProperties>("AWS::Lambda::Function")) {
      const logs = allowed().filter(
        ({ owner, action }) => owner === referredId(properties.Role) && action.startsWith("logs:"),
      );
      expect(logs).toHaveLength(2);
      for (const { resource } of logs) {
        expect(JSON.stringify(resource)).toContain(`log-group:/aws/lambda/${properties.FunctionName}:*`);
      }
    }
  });

  test("a function receives from its own queue and from no other", () => {
    for (const { properties } of resources<{ EventSourceArn: unknown; FunctionName: unknown }>(
      "AWS::Lambda::EventSourceMapping",
    )) {
      const role = referredId(resource(referredId(properties.FunctionName)).Properties.Role);
      const received = allowed()
        .filter(({ owner, action }) => owner === role && action === "sqs:ReceiveMessage")
        .map(({ resource }) => referredId(resource));
      expect(received).toEqual([referredId(properties.EventSourceArn)]);
    }
  });

  test("a job reads and writes objects of runs, reads raw data, and nothing else", () => {
    const ids = listFamilies(root).map((family) => `${family[0]?.toUpperCase()}${family.slice(1)}JobRole`);
    const jobs = allowed().filter(({ owner }) => ids.includes(owner));
    expect([...new Set(jobs.map(({ action }) => action.split(":")[0]))]).toEqual(["s3"]);
    expect(
      jobs.filter(({ action }) => action === "s3:PutObject").map(({ resource }) => JSON.stringify(resource)),
    ).toEqual(ids.map(() => JSON.stringify({ "Fn::Sub": `\${DataBucket.Arn}/runs/*` })));
  });

  test("only AWS's services assume the roles", () => {
    for (const { properties } of resources<{
      AssumeRolePolicyDocument: { Statement: { Principal: unknown }[] };
    }>("AWS::IAM::Role")) {
      for (const { Principal } of properties.AssumeRolePolicyDocument.Statement) {
        expect(Principal).toEqual({ Service: expect.stringMatching(/^[a-z0-9-]+\.amazonaws\.com$/) });
      }
    }
  });
});

describe("stored data", () => {
  test("the bucket is private, encrypted, versioned and kept", () => {
    const bucket = resource("DataBucket");
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
    expect(resource("DataBucketPolicy").Properties).toMatchObject({
      PolicyDocument: {
        Statement: [{ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }],
      },
    });
  });

  test("nothing expires under raw/ or runs/ but old versions and what is marked as temporary", () => {
    const rules = (
      resource("DataBucket").Properties.LifecycleConfiguration as { Rules: Record<string, unknown>[] }
    ).Rules;
    const expiring = rules.filter((rule) => rule.ExpirationInDays !== undefined);
    expect(expiring.map(({ Prefix, TagFilters }) => Prefix ?? TagFilters)).toEqual([
      "tmp/",
      [{ Key: "temporary", Value: "true" }],
    ]);
  });

  test("the bucket may notify its queue before it is told to", () => {
    // AWS tries the notification when it creates the bucket; the local stack does not look at the policy.
    expect(resource("DataBucket").DependsOn).toContain("TriggersQueuePolicy");
    expect(JSON.stringify(resource("DataBucket"))).toContain('{"Name":"prefix","Value":"raw/"}');
  });

  test("the table is protected, recoverable and encrypted, and prices by use", () => {
    const table = resource("Table");
    expect(table).toMatchObject({ DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
    expect(table.Properties).toMatchObject({
      BillingMode: "PAY_PER_REQUEST",
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
      TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
    });
  });

  test("logs end some day", () => {
    const groups = resources<{ LogGroupName: string; RetentionInDays?: number }>("AWS::Logs::LogGroup");
    const functions = resources<FunctionProperties>("AWS::Lambda::Function");
    expect(groups.map(({ properties }) => properties.LogGroupName).sort()).toEqual(
      [
        "/aws/batch/millrace-prod",
        ...functions.map((f) => `/aws/lambda/${f.properties.FunctionName}`),
      ].sort(),
    );
    for (const { properties } of groups) expect(properties.RetentionInDays).toBeGreaterThanOrEqual(14);
  });
});

describe("functions", () => {
  test("run on the runtime of the scripts, and know nothing of local servers", () => {
    for (const { properties } of resources<FunctionProperties>("AWS::Lambda::Function")) {
      expect(properties.Runtime).toBe("nodejs24.x");
      expect(Object.keys(properties.Environment.Variables).filter((name) => name.startsWith("AWS_"))).toEqual(
        [],
      );
    }
  });

  test("are at most 400 KB each, code and all", () => {
    const archives = readdirSync(join(folder, "prod", ".serverless")).filter((name) => name.endsWith(".zip"));
    expect(archives).toHaveLength(7);
    const sizes = archives.map(
      (name) => [name, unpackedBytes(join(folder, "prod", ".serverless", name))] as const,
    );
    expect(sizes.filter(([, bytes]) => bytes > 400 * 1024)).toEqual([]);
  });

  test("the tick is never repeated: the next minute's is", () => {
    expect(resource("TickLambdaEvConf").Properties).toMatchObject({ MaximumRetryAttempts: 0 });
    expect(resource("TickSchedule").Properties).toMatchObject({
      ScheduleExpression: "rate(1 minute)",
      Target: { RetryPolicy: { MaximumRetryAttempts: 0 } },
    });
  });
});

describe("Batch", () => {
  test("compute environments can be updated in place and cost nothing when idle", () => {
    const environments = resources<{ ComputeResources: Record<string, unknown> }>(
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

  test("job queues have no names and give up on jobs that cannot start", () => {
    const queues = resources<{ JobStateTimeLimitActions: { MaxTimeSeconds: number }[] }>(
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

  test("each family under batch-jobs/ has a job definition, and no other has", () => {
    expect(
      resources("AWS::Batch::JobDefinition").map(({ properties }) => properties.JobDefinitionName),
    ).toEqual(listFamilies(root).map((family) => `millrace-prod-${family}`));
  });

  test("a deployment leaves revisions that queued jobs refer to", () => {
    for (const { properties } of resources("AWS::Batch::JobDefinition")) {
      expect(properties).toMatchObject({ ResourceRetentionPolicy: { SkipDeregisterOnUpdate: true } });
    }
  });

  test("only what is not the job's fault is repeated by Batch itself", () => {
    for (const { properties } of resources<{
      RetryStrategy: { EvaluateOnExit: Record<string, string>[] };
    }>("AWS::Batch::JobDefinition")) {
      const rules = properties.RetryStrategy.EvaluateOnExit;
      expect(rules.length).toBeLessThanOrEqual(5);
      expect(rules.at(-1)).toEqual({ OnReason: "*", Action: "EXIT" });
      expect(rules.slice(0, -1).every(({ Action }) => Action === "RETRY")).toBe(true);
    }
  });

  test("images are named by digest, or by an address that the deployment refuses", () => {
    for (const { properties } of resources<{ ContainerProperties: { Image: string } }>(
      "AWS::Batch::JobDefinition",
    )) {
      expect(properties.ContainerProperties.Image).toMatch(/@sha256:[0-9a-f]{64}$|^images\.invalid\//);
    }
  });

  test("events of other job queues of the account do not reach us", () => {
    const pattern = resource("BatchStateChangeRule").Properties.EventPattern as {
      "Fn::If": [string, { detail: { jobQueue: unknown[] } }, unknown];
    };
    expect(pattern["Fn::If"][1].detail.jobQueue.map(referredId).sort()).toEqual(
      resources("AWS::Batch::JobQueue")
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
