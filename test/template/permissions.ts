import { build } from "esbuild";
import { readFamilyAccess } from "../../resources/family-access.ts";
import { listFamilies } from "../../resources/images/family.ts";
import {
  type MappingProperties,
  type PackagedStage,
  type Policy,
  permissions,
  referredId,
  root,
} from "../packaged-template.ts";
import { packagedStages } from "./stages.ts";

// Nobody may do more than their part, and no function less than its code does: AWS alone would tell, at run time.

let prod: PackagedStage;

beforeAll(() => {
  ({ prod } = packagedStages());
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
    const roles = prod.functions().map(({ properties }) => referredId(properties.Role));
    expect(roles).toHaveLength(10);
    expect(new Set(roles).size).toBe(roles.length);
  });

  test("every permission names its resources, or has a reason not to", () => {
    const open = permissions(prod).filter(({ resource }) => resource === "*");
    expect(open.filter(({ action }) => withoutResource[action] === undefined)).toEqual([]);
  });

  test("no permission is a pattern of actions", () => {
    expect(permissions(prod).filter(({ action }) => action.includes("*"))).toEqual([]);
  });

  test("a function writes to its own log group only", () => {
    for (const { properties } of prod.functions()) {
      const logs = permissions(prod).filter(
        ({ role: owner, action }) =>
          owner === referredId(properties.Role) && /^logs:(?!Get|Filter)/.test(action),
      );
      expect(logs).toHaveLength(2);
      for (const { resource } of logs) {
        expect(JSON.stringify(resource)).toContain(`log-group:/aws/lambda/${properties.FunctionName}:*`);
      }
    }
  });

  test("the console reads the table, runs, models and logs of its stage, and writes nothing but its own log", () => {
    const own = permissions(prod).filter(({ role }) => role === "ConsoleRole");
    const actions = new Set(own.map(({ action }) => action));
    expect([...actions].sort()).toEqual([
      ...["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"],
      ...["logs:CreateLogStream", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:PutLogEvents"],
      ...["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"],
      ...["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
    ]);
    const read = own.filter(({ action }) => action === "logs:GetLogEvents");
    const all = prod.resources<{ LogGroupName: string }>("AWS::Logs::LogGroup");
    const groups = all.filter(({ id }) => !id.endsWith("JobFunctionLogGroup"));
    // One permission is for the functions of all job families, which are named alike.
    const names = [
      JSON.stringify("/aws/lambda/millrace-prod-job-*"),
      ...groups.map(({ properties }) => JSON.stringify(properties.LogGroupName)),
    ];
    for (const { resource } of read) {
      const [, group = "none"] = /log-group:(.+):\*"/.exec(JSON.stringify(resource)) ?? [];
      expect(names).toContain(JSON.stringify(group));
    }
    // Its own log is the only one that it doesn't show.
    expect(read).toHaveLength(names.length - 1);
  });

  test("the console's buttons may do what the function manage may, and nothing else", () => {
    const allowed = (owner: string) =>
      permissions(prod)
        .filter(({ role, action }) => role === owner && !action.startsWith("logs:"))
        .map(({ action, resource }) => JSON.stringify([action, resource]))
        .sort();
    expect(allowed("ConsoleActRole")).toEqual(allowed("ManageRole"));
  });

  test("a function receives from its own queue only", () => {
    for (const { properties } of prod.resources<MappingProperties>("AWS::Lambda::EventSourceMapping")) {
      const role = referredId(prod.resource(referredId(properties.FunctionName)).Properties.Role);
      const received = permissions(prod)
        .filter(({ role: owner, action }) => owner === role && action === "sqs:ReceiveMessage")
        .map(({ resource }) => referredId(resource));
      expect(received).toEqual([referredId(properties.EventSourceArn)]);
    }
  });

  const jobRole = (family: string) =>
    `${family.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}JobRole`;

  test("a job reads and writes objects of runs, reads raw data, and has otherwise only what its family's access.json says", () => {
    for (const family of listFamilies(root)) {
      const { lake, secrets } = readFamilyAccess(root, family);
      const jobs = permissions(prod).filter(({ role }) => role === jobRole(family));
      const services = new Set(jobs.map(({ action }) => action.split(":")[0]));
      expect([family, [...services]]).toEqual([family, secrets.length > 0 ? ["s3", "ssm", "kms"] : ["s3"]]);
      const written = jobs.filter(({ action }) => action === "s3:PutObject").map(({ resource }) => resource);
      const prefixes = ["runs", ...(lake ? [`lake/${family}`] : [])];
      expect(written).toEqual(prefixes.map((prefix) => ({ "Fn::Sub": `\${DataBucket.Arn}/${prefix}/*` })));
    }
  });

  test("a family's function has its jobs' permissions, writes its own log, and reports to the queue of Batch's events", () => {
    for (const { properties } of prod.jobFunctions()) {
      const family = String(properties.Environment.Variables.FAMILY);
      const allowed = (owner: string) =>
        permissions(prod)
          .filter(({ role }) => role === owner)
          .map(({ action, resource }) => JSON.stringify([action, resource]));
      const jobs = new Set(allowed(jobRole(family)));
      const more = allowed(referredId(properties.Role)).filter((each) => !jobs.has(each));
      expect(more).toEqual([
        expect.stringContaining(`log-group:/aws/lambda/${properties.FunctionName}:*`),
        expect.stringContaining(`log-group:/aws/lambda/${properties.FunctionName}:*`),
        JSON.stringify(["sqs:SendMessage", { "Fn::GetAtt": ["BatchEventsQueue", "Arn"] }]),
      ]);
      expect(allowed(referredId(properties.Role))).toHaveLength(jobs.size + more.length);
    }
  });

  test("functions of job families are called by the small step worker only", () => {
    const callers = permissions(prod).filter(
      ({ action, resource }) =>
        action === "lambda:InvokeFunction" && JSON.stringify(resource).includes("-job-"),
    );
    expect(callers.map(({ role }) => role)).toEqual(["StepRole"]);
    for (const { properties } of prod.jobFunctions())
      expect(properties.FunctionName).toMatch(/^millrace-prod-job-/);
  });

  test("a lake is listed and extended by its own family, read by the families whose access.json says so, and deleted by nobody", () => {
    const onLakes = permissions(prod).filter(({ resource }) => JSON.stringify(resource).includes("/lake/"));
    expect(onLakes.map(({ role, action }) => [role, action])).toEqual([
      // What functions read of lakes is what is in them.
      ["StepRole", "s3:GetObject"],
      ["StepLargeRole", "s3:GetObject"],
      ["PoemModelJobRole", "s3:GetObject"],
      ["PoemModelJobRole", "s3:GetObjectVersion"],
      ["PoemsJobRole", "s3:GetObject"],
      ["PoemsJobRole", "s3:GetObjectVersion"],
      ["PoemsJobRole", "s3:PutObject"],
    ]);
    for (const { resource } of onLakes.slice(0, 2))
      expect(resource).toEqual({ "Fn::Sub": `\${DataBucket.Arn}/lake/*/_manifest.json` });
    const role = prod.resource("PoemsJobRole").Properties as { Policies: Policy[] };
    const listing = role.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement).filter(
      ({ Action }) => Action === "s3:ListBucket",
    );
    expect(listing.map(({ Condition }) => Condition)).toEqual([
      { StringLike: { "s3:prefix": "lake/poems/*" } },
    ]);
  });

  test("registered models are added by the step workers only, read by jobs too, and deleted by nobody", () => {
    const onModels = permissions(prod).filter(({ resource }) =>
      JSON.stringify(resource).includes("/models/"),
    );
    const functionRoles = prod.jobFunctions().map(({ properties }) => referredId(properties.Role));
    const jobRoles = [...listFamilies(root).map(jobRole), ...functionRoles];
    const reading = ["s3:GetObject", "s3:GetObjectVersion"];
    const allowed = (owner: string) =>
      onModels.filter(({ role }) => role === owner).map(({ action }) => action);
    expect(new Set(onModels.map(({ role }) => role))).toEqual(
      new Set(["StepRole", "StepLargeRole", "ConsoleRole", ...jobRoles]),
    );
    expect(allowed("ConsoleRole")).toEqual(reading);
    for (const role of ["StepRole", "StepLargeRole"])
      expect(allowed(role)).toEqual([...reading, "s3:PutObject"]);
    for (const role of jobRoles) expect(allowed(role)).toEqual(reading);
  });

  test("results are read and added by the step workers only, and deleted by nobody", () => {
    const onResults = permissions(prod).filter(({ resource }) =>
      JSON.stringify(resource).includes("/results/"),
    );
    expect(onResults.map(({ role, action }) => [role, action])).toEqual([
      ["StepRole", "s3:GetObject"],
      ["StepRole", "s3:PutObject"],
      ["StepLargeRole", "s3:GetObject"],
      ["StepLargeRole", "s3:PutObject"],
    ]);
  });

  test("hints for large workers are sent by the small worker only", () => {
    const senders = permissions(prod).filter(
      ({ action, resource }) =>
        action === "sqs:SendMessage" && JSON.stringify(resource).includes("StepsLargeQueue"),
    );
    expect(senders.map(({ role }) => role)).toEqual(["StepRole"]);
  });

  test("only AWS's services assume the roles", () => {
    for (const { properties } of prod.resources<{
      AssumeRolePolicyDocument: { Statement: { Principal: unknown }[] };
    }>("AWS::IAM::Role")) {
      for (const { Principal } of properties.AssumeRolePolicyDocument.Statement) {
        expect(Principal).toEqual({ Service: expect.stringMatching(/^[a-z0-9-]+\.amazonaws\.com$/) });
      }
    }
  });
});

describe("secrets", () => {
  const secrets = () => permissions(prod).filter(({ action }) => /^(ssm|kms|secretsmanager):/.test(action));

  const conditions = (role: string) =>
    (prod.resource(role).Properties as { Policies: Policy[] }).Policies.flatMap(
      ({ PolicyDocument }) => PolicyDocument.Statement,
    ).find(({ Action }) => Action === "kms:Decrypt")?.Condition;

  test("of the stage are read by the small step worker, and those in a family's access.json by its jobs", () => {
    expect(secrets().map(({ role, action }) => [role, action])).toEqual([
      ["StepRole", "ssm:GetParameter"],
      ["StepRole", "kms:Decrypt"],
      ["PoemsJobRole", "ssm:GetParameter"],
      ["PoemsJobRole", "kms:Decrypt"],
    ]);
    expect(JSON.stringify(secrets()[0]?.resource)).toContain(":parameter/millrace/prod/*");
    expect(secrets()[2]?.resource).toEqual({
      "Fn::Sub": expect.stringMatching(/:parameter\/millrace\/prod\/kaggle$/),
    });
  });

  test("are decrypted through Parameter Store only", () => {
    expect(conditions("PoemsJobRole")).toEqual({
      StringEquals: {
        "kms:ViaService": { "Fn::Sub": `ssm.\${AWS::Region}.\${AWS::URLSuffix}` },
        "kms:EncryptionContext:PARAMETER_ARN": [secrets()[2]?.resource],
      },
    });
    expect(conditions("StepRole")).toEqual({
      StringEquals: { "kms:ViaService": { "Fn::Sub": `ssm.\${AWS::Region}.\${AWS::URLSuffix}` } },
      StringLike: {
        "kms:EncryptionContext:PARAMETER_ARN": {
          "Fn::Sub": expect.stringContaining(":parameter/millrace/prod/*"),
        },
      },
    });
  });
});

describe("the AWS calls in a function's code", () => {
  /** What each method of a port asks of AWS. */
  const needed: Record<string, string | string[]> = {
    "objects.get": "s3:GetObject",
    "objects.head": "s3:GetObject",
    "objects.put": "s3:PutObject",
    "objects.putIfAbsent": "s3:PutObject",
    "objects.copy": "s3:PutObject",
    "objects.delete": "s3:DeleteObject",
    // What is known of a call of a family's function is in S3.
    "batch.submit": ["batch:SubmitJob", "lambda:InvokeFunction", "s3:GetObject", "s3:PutObject"],
    "batch.findByName": ["batch:ListJobs", "s3:GetObject"],
    "batch.isServing": ["batch:ListJobs", "batch:DescribeJobs"],
    "batch.describe": ["batch:DescribeJobs", "s3:GetObject"],
    "batch.terminate": ["batch:TerminateJob", "s3:PutObject"],
    // A run that leaves its work queue takes its place there along.
    "store.admitRun": "dynamodb:DeleteItem",
    "store.moveRun": "dynamodb:DeleteItem",
    "waiters.remove": "dynamodb:DeleteItem",
    "notifier.send": ["ssm:GetParameter", "kms:Decrypt", "sns:Publish"],
  };

  /** What both step workers' code holds and only small ones come to: jobs and notices are no functions. */
  const notForLargeWorkers = /^(batch|lambda|ssm|kms|sns):/;

  /** The calls of ports left in a function's bundle, which holds nothing that the function cannot reach. */
  async function calls(handler: string): Promise<Set<string>> {
    const { outputFiles } = await build({
      entryPoints: [`${handler.replace(/\.handler$/, "")}.ts`],
      bundle: true,
      write: false,
      platform: "node",
      external: ["@aws-sdk/*", "@smithy/*"],
    });
    const code = outputFiles.map(({ text }) => text).join("");
    const found = [
      ...code.matchAll(/\bengine\d*\.((?:objects|batch|store|waiters|notifier)\.\w+)\(/g),
      // Code that only reads objects often takes that port alone.
      ...code.matchAll(/\b(objects\.get)\(/g),
    ];
    return new Set(found.map(([, call]) => call ?? ""));
  }

  test("are those that its role allows", async () => {
    for (const { properties } of prod.functions()) {
      const role = referredId(properties.Role);
      const reached = [...(await calls(properties.Handler))].flatMap((call) => needed[call] ?? []);
      const wanted = reached.filter((action) => role !== "StepLargeRole" || !notForLargeWorkers.test(action));
      const allowed = permissions(prod)
        .filter(
          (permission) =>
            permission.role === role && Object.values(needed).flat().includes(permission.action),
        )
        .map(({ action }) => action)
        // Looking at jobs harms nobody and goes with ending them.
        .filter((action) => wanted.includes(action) || !/DescribeJobs|ListJobs/.test(action));
      expect([role, [...new Set(allowed)].sort()]).toEqual([role, [...new Set(wanted)].sort()]);
    }
  }, 30_000);

  test("are found at all", async () => {
    expect([...(await calls("functions/step.handler"))]).toEqual(
      expect.arrayContaining(["batch.submit", "objects.put", "objects.get"]),
    );
  });
});
