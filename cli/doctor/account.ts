import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { Target } from "../readers/target.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** Reports whose credentials these are. */
export async function checkCredentials({ config }: Target): Promise<Finding[]> {
  const client = new STSClient(config);
  const { Account, Arn } = await client.send(new GetCallerIdentityCommand({}));
  return [ok("credentials", `account ${Account} in ${config.region}, as ${Arn}`)];
}

/** If a clock is wrong by this many seconds, figures and the order of log lines start to mislead. */
const noticedSeconds = 30;
/** If a clock is wrong by this many seconds, AWS refuses signed requests. */
const refusedSeconds = 300;

const remedy = "set the clock by network time: `timedatectl set-ntp true`, or the system's date settings";

/** The finding about a clock that is this many milliseconds ahead of AWS's clock. */
export function clockFinding(milliseconds: number): Finding {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  if (seconds <= noticedSeconds) return ok("clock", "agrees with the stage's");
  const says = `${seconds} s ${milliseconds > 0 ? "ahead of" : "behind"} the stage's`;
  return seconds < refusedSeconds ? warn("clock", says, remedy) : fail("clock", says, remedy);
}

/** Reports how far this machine's clock is from that of the stage. */
export async function checkClock({ config }: Target): Promise<Finding[]> {
  const suffix = config.region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const requestedAt = Date.now();
  const url = config.endpoint ?? `https://sts.${config.region}.${suffix}/`;
  // If nobody answers, there is nothing to compare with. The credentials check has already reported it.
  const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(10_000) }).catch(
    () => undefined,
  );
  const serverTime = Date.parse(answer?.headers.get("date") ?? "");
  if (Number.isNaN(serverTime)) return [];
  return [clockFinding((requestedAt + Date.now()) / 2 - serverTime)];
}
