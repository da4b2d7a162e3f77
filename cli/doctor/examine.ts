import { batchConfig, type Target } from "../readers/target.ts";
import { checkClock, checkCredentials } from "./account.ts";
import { checkFamilies, checkQueuesOfJobs } from "./batch.ts";
import { checkBucket, checkQueues, checkTable } from "./data.ts";
import { checkInvoke, checkStack, checkVersion, deployedEnvironment } from "./deployment.ts";
import { type Finding, findingOf, findings, type Stage } from "./finding.ts";
import { checkSecrets, checkSubscriptions } from "./notices.ts";
import { checkSchedules } from "./schedules.ts";

/** Everything that can be checked on a stage. Ends early without credentials, or if nothing is deployed. */
export async function examine(target: Target): Promise<Finding[]> {
  const { stage } = target;
  const account = await findings(stage, {
    credentials: () => checkCredentials(target),
    clock: () => checkClock(target),
  });
  if (account.some(({ check, status }) => check === "credentials" && status === "fail")) return account;
  const stack = await findings(stage, { stack: () => checkStack(target) });
  let seen: Stage;
  try {
    seen = { target, batch: batchConfig(target), environment: await deployedEnvironment(target) };
  } catch (error) {
    // The missing stack explains why its functions are missing.
    if (stack.some(({ status }) => status === "fail")) return [...account, ...stack];
    return [...account, ...stack, findingOf("functions", error, stage)];
  }
  const rest = await findings(stage, {
    version: () => checkVersion(target, seen.environment),
    functions: () => checkInvoke(target),
    table: () => checkTable(seen),
    bucket: () => checkBucket(seen),
    queues: () => checkQueues(seen),
    jobs: () => checkFamilies(seen),
    machines: () => checkQueuesOfJobs(seen),
    schedules: () => checkSchedules(seen),
    secrets: () => checkSecrets(target),
    subscriptions: () => checkSubscriptions(seen),
  });
  return [...account, ...stack, ...rest];
}
