import { nativeRetryRules } from "../shared/batch/native-retries.ts";
import { contentHash, imageFiles } from "./images/content-hash.ts";
import { listFamilies, repositoryName } from "./images/family.ts";
import { jobImage } from "./images/image-uri.ts";
import { readRecord } from "./images/record.ts";

type Template = { Resources: Record<string, unknown> };

/** `text_model` → `TextModel`, for logical ids. */
function pascalCase(name: string): string {
  return name.replace(/(?:^|[_-])([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Job definition and job role of each family under `batch-jobs/`. Written in code and not in YAML because the folders
 * are the list: a new family needs no edit here.
 */
export function jobFamilies(root: string, service: string, stage: string): Template {
  const record = readRecord(root, stage);
  const families = listFamilies(root).map((family) => ({
    family,
    image: jobImage(family, contentHash(imageFiles(root, family)), record),
  }));
  return {
    Resources: Object.assign(
      { BatchExecutionRole: executionRole(families.map(({ family }) => family)) },
      ...families.map(({ family, image }) => jobFamily(`${service}-${stage}`, family, image)),
    ),
  };
}

/** Content hash of each family's image: what the functions know of the code of jobs. */
export function jobVersions(root: string): Record<string, string> {
  return Object.fromEntries(
    listFamilies(root).map((family) => [family, contentHash(imageFiles(root, family))]),
  );
}

function jobFamily(prefix: string, family: string, image: string): Record<string, unknown> {
  const id = pascalCase(family);
  return {
    [`${id}JobDefinition`]: {
      Type: "AWS::Batch::JobDefinition",
      Condition: "OnAws",
      Properties: {
        // Named, because the engine submits by name and gets the newest revision.
        JobDefinitionName: `${prefix}-${family}`,
        Type: "container",
        PlatformCapabilities: ["EC2"],
        PropagateTags: true,
        // A deployment must not deregister the revision that queued jobs still refer to.
        ResourceRetentionPolicy: { SkipDeregisterOnUpdate: true },
        // Defaults only: command, resources and timeout come from the job's contract when it is submitted.
        Timeout: { AttemptDurationSeconds: 3600 },
        RetryStrategy: {
          Attempts: 5,
          EvaluateOnExit: nativeRetryRules.map((rule) =>
            Object.fromEntries(Object.entries(rule).map(([name, value]) => [pascalCase(name), value])),
          ),
        },
        ContainerProperties: {
          Image: image,
          Command: ["python", "-m", family],
          ResourceRequirements: [
            { Type: "VCPU", Value: "1" },
            { Type: "MEMORY", Value: "1792" },
          ],
          JobRoleArn: { "Fn::GetAtt": [`${id}JobRole`, "Arn"] },
          ExecutionRoleArn: { "Fn::GetAtt": ["BatchExecutionRole", "Arn"] },
          // An init process passes SIGTERM on; Python as the first process of a container would not get it by default.
          LinuxParameters: { InitProcessEnabled: true },
          LogConfiguration: {
            LogDriver: "awslogs",
            Options: { "awslogs-group": { Ref: "BatchJobsLogGroup" } },
          },
        },
      },
    },
    [`${id}JobRole`]: {
      Type: "AWS::IAM::Role",
      Condition: "OnAws",
      Properties: {
        AssumeRolePolicyDocument: tasksOfThisAccount,
        Policies: [
          {
            PolicyName: "objects-of-runs",
            PolicyDocument: {
              Version: "2012-10-17",
              Statement: [
                {
                  Sid: "ReadRawData",
                  Effect: "Allow",
                  Action: ["s3:GetObject", "s3:GetObjectVersion"],
                  Resource: { "Fn::Sub": `\${DataBucket.Arn}/raw/*` },
                },
                {
                  Sid: "ReadAndWriteRuns",
                  Effect: "Allow",
                  Action: ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
                  Resource: { "Fn::Sub": `\${DataBucket.Arn}/runs/*` },
                },
                {
                  Sid: "ReadModels",
                  Effect: "Allow",
                  Action: ["s3:GetObject", "s3:GetObjectVersion"],
                  Resource: { "Fn::Sub": `\${DataBucket.Arn}/models/*` },
                },
              ],
            },
          },
        ],
      },
    },
  };
}

const tasksOfThisAccount = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Service: "ecs-tasks.amazonaws.com" },
      Action: "sts:AssumeRole",
      Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
    },
  ],
};

/** What Batch needs to start a container: its image and its log, and nothing of the job's data. */
function executionRole(families: readonly string[]): unknown {
  return {
    Type: "AWS::IAM::Role",
    Condition: "OnAws",
    Properties: {
      AssumeRolePolicyDocument: tasksOfThisAccount,
      Policies: [
        {
          PolicyName: "start-containers",
          PolicyDocument: {
            Version: "2012-10-17",
            Statement: [
              {
                // Gives a token for the account's registry: the action knows no resources.
                Sid: "LogInToRegistry",
                Effect: "Allow",
                Action: "ecr:GetAuthorizationToken",
                Resource: "*",
              },
              ...(families.length === 0
                ? []
                : [
                    {
                      Sid: "PullImages",
                      Effect: "Allow",
                      Action: [
                        "ecr:BatchCheckLayerAvailability",
                        "ecr:BatchGetImage",
                        "ecr:GetDownloadUrlForLayer",
                      ],
                      Resource: families.map((family) => ({
                        "Fn::Sub": `arn:\${AWS::Partition}:ecr:\${AWS::Region}:\${AWS::AccountId}:repository/${repositoryName(family)}`,
                      })),
                    },
                  ]),
              {
                Sid: "WriteJobLogs",
                Effect: "Allow",
                Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
                Resource: { "Fn::GetAtt": ["BatchJobsLogGroup", "Arn"] },
              },
            ],
          },
        },
      ],
    },
  };
}
