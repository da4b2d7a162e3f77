import { readFileSync } from "node:fs";
import { join } from "node:path";
import { functionMemory, maxFunctionSeconds } from "../shared/pipeline/job.ts";
import { type FamilyAccess, readFamilyAccess } from "./family-access.ts";
import { needsFunction } from "./family-functions.ts";
import { contentHash, imageFiles } from "./images/content-hash.ts";
import { batchJobsFolder, listFamilies } from "./images/family.ts";
import { jobImage } from "./images/image-uri.ts";
import { readRecord } from "./images/record.ts";
import { jobStatements, pascalCase } from "./job-families.ts";

type Resources = Record<string, unknown>;

/** What a stage says about the functions of job families. */
export type FunctionStage = {
  readonly service: string;
  readonly stage: string;
  /** Days that logs are kept. */
  readonly logRetentionDays: number;
  /** For the stage `local`: the Python of each family. Families that it lacks use the project's own. */
  readonly pythons: Readonly<Record<string, string>>;
  /** For the stage `local`: the folder of the jobs' logs. Without it, only MiniStack has them. */
  readonly jobLogs: string | undefined;
};

/** Megabytes under `/tmp`, the most that Lambda gives: it is nearly free while a function runs. */
const temporaryMegabytes = 10_240;

/**
 * The Lambda function of each family whose contracts say that jobs may run there, with its role, its log and its
 * destination. On AWS the function runs the family's image.
 */
export function jobFunctions(root: string, stage: FunctionStage): { Resources: Resources } {
  const families = listFamilies(root).filter((family) => needsFunction(root, family));
  return { Resources: Object.assign({}, ...families.map((family) => jobFunction(root, stage, family))) };
}

/** Name of a family's function. */
export function jobFunctionName({ service, stage }: FunctionStage, family: string): string {
  return `${service}-${stage}-job-${family}`;
}

function jobFunction(root: string, stage: FunctionStage, family: string): Resources {
  const id = pascalCase(family);
  const name = jobFunctionName(stage, family);
  const queue = { "Fn::GetAtt": ["BatchEventsQueue", "Arn"] };
  return {
    [`${id}JobFunction`]: {
      Type: "AWS::Lambda::Function",
      DependsOn: [`${id}JobFunctionLogGroup`],
      Properties: {
        FunctionName: name,
        Description: `Runs jobs of the family ${family}`,
        ...(stage.stage === "local" ? localCode(root, stage, family) : imageCode(root, stage, family)),
        Role: { "Fn::GetAtt": [`${id}JobFunctionRole`, "Arn"] },
        MemorySize: functionMemory,
        Timeout: maxFunctionSeconds,
        EphemeralStorage: { Size: temporaryMegabytes },
      },
    },
    [`${id}JobFunctionCalls`]: {
      Type: "AWS::Lambda::EventInvokeConfig",
      Properties: {
        FunctionName: { Ref: `${id}JobFunction` },
        Qualifier: "$LATEST",
        // The engine decides about retries. After an hour it has given the attempt up.
        MaximumRetryAttempts: 0,
        MaximumEventAgeInSeconds: 3600,
        DestinationConfig: { OnSuccess: { Destination: queue }, OnFailure: { Destination: queue } },
      },
    },
    [`${id}JobFunctionLogGroup`]: {
      Type: "AWS::Logs::LogGroup",
      Properties: { LogGroupName: `/aws/lambda/${name}`, RetentionInDays: stage.logRetentionDays },
    },
    [`${id}JobFunctionRole`]: functionRole(stage, family, readFamilyAccess(root, family)),
  };
}

/** The variables that jobs of a family see on every stage. */
function familyEnvironment(root: string, { service, stage }: FunctionStage, family: string) {
  const { secrets } = readFamilyAccess(root, family);
  return {
    FAMILY: family,
    ...(secrets.length > 0 && { MILLRACE_SECRETS: `/${service}/${stage}/` }),
  };
}

/** The family's image, with Lambda's runtime client as its entry point. */
function imageCode(root: string, stage: FunctionStage, family: string): Resources {
  const image = jobImage(family, contentHash(imageFiles(root, family)), readRecord(root, stage.stage));
  return {
    PackageType: "Image",
    Code: { ImageUri: image },
    ImageConfig: {
      EntryPoint: ["python", "-m", "awslambdaric"],
      Command: ["millrace_job.function.handler"],
    },
    Architectures: ["x86_64"],
    Environment: {
      Variables: { ...familyEnvironment(root, stage, family), PYTHONPATH: "/opt/jobs:/opt/function" },
    },
  };
}

/** A function that passes its calls to a process with the family's own Python and the working tree's code. */
function localCode(root: string, stage: FunctionStage, family: string): Resources {
  return {
    Runtime: "python3.12",
    Handler: "index.handler",
    Code: { ZipFile: readFileSync(join(root, "local", "functions", "function_shim.py"), "utf8") },
    Environment: {
      Variables: {
        ...familyEnvironment(root, stage, family),
        ...(stage.jobLogs !== undefined && { MILLRACE_JOB_LOGS: stage.jobLogs }),
        MILLRACE_JOBS: join(root, batchJobsFolder),
        MILLRACE_PYTHON: stage.pythons[family] ?? join(root, ".venv", "bin", "python"),
        MILLRACE_WORKER: join(root, "local", "functions", "function_worker.py"),
      },
    },
  };
}

function functionRole(stage: FunctionStage, family: string, access: FamilyAccess): unknown {
  const log = `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${jobFunctionName(stage, family)}:*`;
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      AssumeRolePolicyDocument: {
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
        ],
      },
      Policies: [
        {
          PolicyName: "jobs",
          PolicyDocument: {
            Version: "2012-10-17",
            Statement: [
              {
                Sid: "WriteOwnLog",
                Effect: "Allow",
                Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
                Resource: { "Fn::Sub": log },
              },
              {
                // Lambda itself sends the reports about calls, with this role.
                Sid: "ReportEnds",
                Effect: "Allow",
                Action: "sqs:SendMessage",
                Resource: { "Fn::GetAtt": ["BatchEventsQueue", "Arn"] },
              },
              ...jobStatements(family, access, `/${stage.service}/${stage.stage}/`),
            ],
          },
        },
      ],
    },
  };
}
