import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { REPOSITORY } from "../../local/stack/paths.ts";
import { gitCommit } from "../../resources/git-commit.ts";
import { jobVersions } from "../../resources/job-families.ts";
import { type Environment, readEnvironment } from "../../shared/platform/env.ts";
import type { Target } from "../readers/target.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** The command that deploys a stage from this checkout. */
export function deployCommand({ stage, config }: Pick<Target, "stage" | "config">): string {
  return stage === "local" ? "npm run stack" : `npx sls deploy --stage ${stage} --region ${config.region}`;
}

/** The finding about the state of a CloudFormation stack. */
export function stackFinding(
  name: string,
  state: string,
  reason: string | undefined,
  deploy: string,
): Finding {
  const says = `stack ${name} is ${state}${reason === undefined || reason === "" ? "" : `: ${reason}`}`;
  if (state.endsWith("_IN_PROGRESS")) return warn("stack", says, "wait for it to end, and look again");
  if (/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(state)) return ok("stack", says);
  if (state === "UPDATE_ROLLBACK_COMPLETE") {
    return warn("stack", `${says}; what was deployed before goes on`, `deploy again: ${deploy}`);
  }
  return fail("stack", says, "see why in its events: `aws cloudformation describe-stack-events`");
}

/** Checks whether the stage's stack exists and is complete. */
export async function checkStack(target: Target): Promise<Finding[]> {
  const StackName = `millrace-${target.stage}`;
  const deploy = deployCommand(target);
  const client = new CloudFormationClient(target.config);
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    return Stacks.map(({ StackStatus = "unknown", StackStatusReason }) =>
      stackFinding(StackName, StackStatus, StackStatusReason, deploy),
    );
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes("does not exist")) throw error;
    const says = `stack ${StackName} does not exist in ${target.config.region}`;
    return [fail("stack", says, `deploy the stage, or name its --region: ${deploy}`)];
  }
}

/**
 * The environment that a stage's step worker was deployed with.
 *
 * @throws ResourceNotFoundException if there is no worker
 */
export async function deployedEnvironment({ stage, config }: Target): Promise<Environment> {
  const client = new LambdaClient(config);
  const FunctionName = `millrace-${stage}-step`;
  const { Environment } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  return readEnvironment(Environment?.Variables);
}

/** The version of a checkout or a deployment: the commit, and a hash of each job family's image content. */
export type Version = { readonly commit: string; readonly jobs: Readonly<Record<string, string>> };

/** Whether the deployment matches the checkout. */
export function versionFinding(deployed: Version, here: Version, deploy: string): Finding {
  const families = [...new Set([...Object.keys(deployed.jobs), ...Object.keys(here.jobs)])].sort();
  const changed = families.filter((family) => deployed.jobs[family] !== here.jobs[family]);
  const short = (commit: string) => commit.replace(/^([0-9a-f]{10})[0-9a-f]{30}/, "$1");
  const differs = [
    ...(deployed.commit === here.commit
      ? []
      : [`commit ${short(deployed.commit)}, not ${short(here.commit)}`]),
    ...(changed.length === 0 ? [] : [`other jobs of ${changed.join(", ")}`]),
  ];
  if (differs.length > 0) {
    return warn(
      "version",
      `deployed is another version than this checkout: ${differs.join("; ")}`,
      `deploy: ${deploy}`,
    );
  }
  const isDirty = here.commit.endsWith("-dirty");
  const says = `deployed is this checkout, commit ${short(here.commit)}`;
  return isDirty
    ? warn(
        "version",
        `${says}; changes that are not committed may be newer`,
        `commit them, and deploy: ${deploy}`,
      )
    : ok("version", says);
}

/** Checks whether the stage runs what this checkout has. */
export async function checkVersion(target: Target, environment: Environment): Promise<Finding[]> {
  const deployed = { commit: environment.GIT_COMMIT, jobs: environment.JOB_VERSIONS };
  const here = { commit: gitCommit(REPOSITORY), jobs: jobVersions(REPOSITORY) };
  return [versionFinding(deployed, here, deployCommand(target))];
}

/** Checks whether these credentials may invoke the functions that start and manage runs. Starts nothing. */
export async function checkInvoke({ stage, config }: Target): Promise<Finding[]> {
  const client = new LambdaClient(config);
  for (const name of ["start", "manage"]) {
    const FunctionName = `millrace-${stage}-${name}`;
    await client.send(new InvokeCommand({ FunctionName, InvocationType: "DryRun" }));
  }
  return [ok("functions", "these credentials may start runs and manage them")];
}
