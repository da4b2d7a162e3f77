import { nativeRetryRules } from "../shared/adapters/aws/native-retries.ts";
import { type FamilyAccess, readFamilyAccess } from "./family-access.ts";
import { contentHash, imageFiles } from "./images/content-hash.ts";
import { listFamilies, repositoryName } from "./images/family.ts";
import { jobImage } from "./images/image-uri.ts";
import { readRecord } from "./images/record.ts";

type Template = { Resources: Record<string, unknown> };

/** `text_model` → `TextModel`, for logical ids. */
export function pascalCase(name: string): string {
  return name.replace(/(?:^|[_-])([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Job definition and job role of each family under `batch-jobs/`. This is code and not YAML because the folders are the
 * list: a new family needs no edit here.
 */
export function jobFamilies(root: string, service: string, stage: string): Template {
  const record = readRecord(root, stage);
  const families = listFamilies(root).map((family) => ({
    family,
    image: jobImage(family, contentHash(imageFiles(root, family)), record),
    access: readFamilyAccess(root, family),
  }));
  return {
    Resources: Object.assign(
      { BatchExecutionRole: executionRole(families.map(({ family }) => family)) },
      ...families.map((family) => jobFamily({ service, stage }, family)),
    ),
  };
}

/** Content hash of each family's image: all that the functions know about the jobs' code. */
export function jobVersions(root: string): Record<string, string> {
  return Object.fromEntries(
    listFamilies(root).map((family) => [family, contentHash(imageFiles(root, family))]),
  );
}

type Family = { family: string; image: string; access: FamilyAccess };

function jobFamily(
  { service, stage }: { service: string; stage: string },
  { family, image, access }: Family,
): Record<string, unknown> {
  const id = pascalCase(family);
  const secrets = `/${service}/${stage}/`;
  return {
    [`${id}JobDefinition`]: {
      Type: "AWS::Batch::JobDefinition",
      Condition: "OnAws",
      Properties: {
        // It needs a name, because the engine submits by name and gets the newest revision.
        JobDefinitionName: `${service}-${stage}-${family}`,
        Type: "container",
        PlatformCapabilities: ["EC2"],
        PropagateTags: true,
        // A deployment must not deregister the revision that queued jobs still refer to.
        ResourceRetentionPolicy: { SkipDeregisterOnUpdate: true },
        // Defaults only: command, resources and timeout come from the job's contract at submission.
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
          ...(access.secrets.length > 0 && { Environment: [{ Name: "MILLRACE_SECRETS", Value: secrets }] }),
          ResourceRequirements: [
            { Type: "VCPU", Value: "1" },
            { Type: "MEMORY", Value: "1792" },
          ],
          JobRoleArn: { "Fn::GetAtt": [`${id}JobRole`, "Arn"] },
          ExecutionRoleArn: { "Fn::GetAtt": ["BatchExecutionRole", "Arn"] },
          // An init process passes SIGTERM on; Python as a container's first process would ignore it by default.
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
            PolicyDocument: { Version: "2012-10-17", Statement: jobStatements(family, access, secrets) },
          },
        ],
      },
    },
  };
}

/** What jobs of a family may do. @param secrets the path of the stage's secrets */
export function jobStatements(family: string, access: FamilyAccess, secrets: string): unknown[] {
  return [
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
    ...(access.lake ? lakeOf(family) : []),
    ...lakesRead(access.readsLakesOf),
    ...secretsNamed(access.secrets.map((name) => `${secrets}${name}`)),
  ];
}

/** Jobs may read, list and add to a lake. Nobody may delete what is there. */
function lakeOf(family: string): unknown[] {
  return [
    {
      Sid: "ReadAndAddToOwnLake",
      Effect: "Allow",
      Action: ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
      Resource: { "Fn::Sub": `\${DataBucket.Arn}/lake/${family}/*` },
    },
    {
      Sid: "ListOwnLake",
      Effect: "Allow",
      Action: "s3:ListBucket",
      Resource: { "Fn::GetAtt": ["DataBucket", "Arn"] },
      Condition: { StringLike: { "s3:prefix": `lake/${family}/*` } },
    },
  ];
}

/** Lakes of other families: their manifests name their contents, so jobs don't need to list them. */
function lakesRead(families: readonly string[]): unknown[] {
  if (families.length === 0) return [];
  const Resource = families.map((family) => ({ "Fn::Sub": `\${DataBucket.Arn}/lake/${family}/*` }));
  return [
    { Sid: "ReadOtherLakes", Effect: "Allow", Action: ["s3:GetObject", "s3:GetObjectVersion"], Resource },
  ];
}

/** Parameters by their full names. They may be encrypted with any key, which is usable only through Parameter Store. */
function secretsNamed(names: readonly string[]): unknown[] {
  if (names.length === 0) return [];
  const parameters = names.map((name) => ({
    "Fn::Sub": `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter${name}`,
  }));
  return [
    { Sid: "ReadSecrets", Effect: "Allow", Action: "ssm:GetParameter", Resource: parameters },
    {
      Sid: "DecryptSecrets",
      Effect: "Allow",
      Action: "kms:Decrypt",
      Resource: { "Fn::Sub": `arn:\${AWS::Partition}:kms:\${AWS::Region}:\${AWS::AccountId}:key/*` },
      Condition: {
        StringEquals: {
          "kms:ViaService": { "Fn::Sub": `ssm.\${AWS::Region}.\${AWS::URLSuffix}` },
          "kms:EncryptionContext:PARAMETER_ARN": parameters,
        },
      },
    },
  ];
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

/** What Batch needs to start a container: its image and its log, and none of the job's data. */
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
                // Gets a token for the account's registry. The action doesn't support resource-level permissions.
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
