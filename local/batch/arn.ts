/** The account of the local stack. MiniStack uses the same one by default. */
export const ACCOUNT_ID = "000000000000";
export const REGION = "us-east-1";

const PREFIX = `arn:aws:batch:${REGION}:${ACCOUNT_ID}`;

export function jobArn(jobId: string): string {
  return `${PREFIX}:job/${jobId}`;
}

export function queueArn(name: string): string {
  return `${PREFIX}:job-queue/${name}`;
}

export function computeEnvironmentArn(name: string): string {
  return `${PREFIX}:compute-environment/${name}`;
}

export function definitionArn(name: string, revision: number): string {
  return `${PREFIX}:job-definition/${name}:${revision}`;
}

/** The name part of an ARN, or the text itself if it is already a name. */
export function nameOf(arnOrName: string): string {
  const slash = arnOrName.lastIndexOf("/");
  return arnOrName.startsWith("arn:") && slash > 0 ? arnOrName.slice(slash + 1) : arnOrName;
}

/** The name, without revision, of the job definition that an ARN identifies. */
export function definitionName(arn: string): string {
  return nameOf(arn).replace(/:\d+$/, "");
}

export function taskArn(taskId: string): string {
  return `arn:aws:ecs:${REGION}:${ACCOUNT_ID}:task/local/${taskId}`;
}
