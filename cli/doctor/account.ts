import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { Target } from "../target.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** Whose credentials these are. */
export async function checkCredentials({ config }: Target): Promise<Finding[]> {
  const client = new STSClient(config);
  const { Account, Arn } = await client.send(new GetCallerIdentityCommand({}));
  return [ok("credentials", `account ${Account} in ${config.region}, as ${Arn}`)];
}

/** Seconds that a clock may be wrong before figures and order of log lines mislead. */
const noticedSeconds = 30;
/** Seconds from which AWS refuses what was signed. */
const refusedSeconds = 300;

const remedy = "set the clock by network time: `timedatectl set-ntp true`, or the system's date settings";

/** What a clock that is so many milliseconds ahead of AWS's means. */
export function judgeClock(milliseconds: number): Finding {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  if (seconds <= noticedSeconds) return ok("clock", "agrees with the stage's");
  const says = `${seconds} s ${milliseconds > 0 ? "ahead of" : "behind"} the stage's`;
  return seconds < refusedSeconds ? warn("clock", says, remedy) : fail("clock", says, remedy);
}

/** How far this machine's clock is from that of the stage. */
export async function checkClock({ config }: Target): Promise<Finding[]> {
  const suffix = config.region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const asked = Date.now();
  const url = config.endpoint ?? `https://sts.${config.region}.${suffix}/`;
  // Where nobody answers there is nothing to compare with; the credentials' check has told of it.
  const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(10_000) }).catch(
    () => undefined,
  );
  const told = Date.parse(answer?.headers.get("date") ?? "");
  if (Number.isNaN(told)) return [];
  return [judgeClock((asked + Date.now()) / 2 - told)];
}
