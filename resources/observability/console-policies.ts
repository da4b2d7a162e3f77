import { functionIds, type StackName } from "./stack-metric.ts";

type ConsoleFunction = "console" | "console-act";

/** What a policy lets its people do: look, or also act. */
const policies = {
  ConsoleViewer: { says: "See the dashboard and the console", invokes: ["console"] },
  ConsoleOperator: {
    says: "See the dashboard and the console, and act on runs there",
    invokes: ["console", "console-act"],
  },
} as const satisfies Record<string, { says: string; invokes: readonly ConsoleFunction[] }>;

/**
 * Policies for people, to attach to their roles: CloudWatch invokes a widget's function with the permissions of the
 * person who looks at it. Nothing in the stack has them.
 */
export function consolePolicies({ service, stage }: StackName): {
  Resources: Record<string, unknown>;
  Outputs: Record<string, unknown>;
} {
  const names = Object.entries(policies);
  const resource = ({ says, invokes }: (typeof names)[number][1]) => ({
    Type: "AWS::IAM::ManagedPolicy",
    Condition: "OnAws",
    Properties: {
      Description: `${says}, on ${service} ${stage}`,
      PolicyDocument: {
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "OpenDashboard",
            Effect: "Allow",
            Action: "cloudwatch:GetDashboard",
            Resource: {
              "Fn::Sub": `arn:\${AWS::Partition}:cloudwatch::\${AWS::AccountId}:dashboard/\${Dashboard}`,
            },
          },
          {
            Sid: "AskConsole",
            Effect: "Allow",
            Action: "lambda:InvokeFunction",
            Resource: invokes.map((name) => ({ "Fn::GetAtt": [functionIds[name], "Arn"] })),
          },
        ],
      },
    },
  });
  return {
    Resources: Object.fromEntries(names.map(([name, policy]) => [name, resource(policy)])),
    Outputs: Object.fromEntries(
      names.map(([name]) => [`${name}Arn`, { Condition: "OnAws", Value: { Ref: name } }]),
    ),
  };
}
