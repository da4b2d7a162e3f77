import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  waitUntilStackCreateComplete,
} from "@aws-sdk/client-cloudformation";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { type Ministack, startTestMinistack } from "../ministack.ts";
import { packagedStages } from "./stages.ts";

const policies = ["ConsoleViewer", "ConsoleOperator"] as const;
const functions = { ConsoleLambdaFunction: "console", ConsoleDashactLambdaFunction: "console-act" } as const;
const stackName = "people";

/** A stack with the packaged policies, a role for each of them, and stand-ins of the two functions. */
function peopleTemplate(): string {
  const { prod } = packagedStages();
  const standIn = (name: string) => ({
    Type: "AWS::Lambda::Function",
    Properties: {
      FunctionName: name,
      Runtime: "python3.12",
      Handler: "index.handler",
      Role: { "Fn::GetAtt": ["Role", "Arn"] },
      Code: { ZipFile: `def handler(event, context):\n    return "${name}"\n` },
    },
  });
  const role = (principal: object) => ({
    Type: "AWS::IAM::Role",
    Properties: {
      AssumeRolePolicyDocument: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" }],
      },
    },
  });
  const account = { AWS: { "Fn::Sub": `arn:aws:iam::\${AWS::AccountId}:root` } };
  const person = (policy: (typeof policies)[number]) => ({
    [policy]: {
      Type: prod.resource(policy).Type,
      Properties: { ...prod.resource(policy).Properties, Roles: [{ Ref: `${policy}Role` }] },
    },
    [`${policy}Role`]: role(account),
  });
  return JSON.stringify({
    Resources: {
      Dashboard: {
        Type: "AWS::CloudWatch::Dashboard",
        Properties: { DashboardName: "millrace-prod", DashboardBody: '{"widgets":[]}' },
      },
      Role: role({ Service: "lambda.amazonaws.com" }),
      ...Object.fromEntries(Object.entries(functions).map(([id, name]) => [id, standIn(name)])),
      ...Object.assign({}, ...policies.map(person)),
    },
    Outputs: Object.fromEntries(
      policies.map((policy) => [policy, { Value: { "Fn::GetAtt": [`${policy}Role`, "Arn"] } }]),
    ),
  });
}

describe("by the policies for people, where permissions are checked", () => {
  let ministack: Ministack | undefined;
  let roles: ReadonlyMap<string, string>;

  beforeAll(async () => {
    ministack = await startTestMinistack({ checksPermissions: true });
    const cloudFormation = new CloudFormationClient(ministack.client);
    await cloudFormation.send(
      new CreateStackCommand({
        StackName: stackName,
        TemplateBody: peopleTemplate(),
        Capabilities: ["CAPABILITY_NAMED_IAM"],
      }),
    );
    await waitUntilStackCreateComplete(
      { client: cloudFormation, maxWaitTime: 300, minDelay: 1, maxDelay: 1 },
      { StackName: stackName },
    );
    const { Stacks: [stack] = [] } = await cloudFormation.send(
      new DescribeStacksCommand({ StackName: stackName }),
    );
    roles = new Map(
      (stack?.Outputs ?? []).map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]),
    );
    cloudFormation.destroy();
  });

  afterAll(() => ministack?.stop());

  /** What a function answers to a person, or the name of the error. */
  async function answer(policy: string, name: string): Promise<unknown> {
    if (ministack === undefined) throw new Error("MiniStack is started before the tests, and was not");
    const { client } = ministack;
    const sts = new STSClient(client);
    const { Credentials: credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: roles.get(policy), RoleSessionName: "person" }),
    );
    const lambda = new LambdaClient({
      ...client,
      credentials: {
        accessKeyId: credentials?.AccessKeyId ?? "",
        secretAccessKey: credentials?.SecretAccessKey ?? "",
        sessionToken: credentials?.SessionToken ?? "",
      },
    });
    try {
      const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: name }));
      return JSON.parse(Payload?.transformToString() ?? "null");
    } catch (error) {
      return error instanceof Error ? error.name : error;
    } finally {
      lambda.destroy();
      sts.destroy();
    }
  }

  test("a viewer sees the console and cannot act", async () => {
    expect(await answer("ConsoleViewer", "console")).toBe("console");
    expect(await answer("ConsoleViewer", "console-act")).toBe("AccessDeniedException");
  });

  test("an operator sees the console and can act", async () => {
    expect(await answer("ConsoleOperator", "console")).toBe("console");
    expect(await answer("ConsoleOperator", "console-act")).toBe("console-act");
  });
});
