import { dynamoScheduleStore } from "../../shared/adapters/aws/dynamo-schedule-store.ts";
import { dynamoClient } from "../../shared/adapters/aws/dynamo-table.ts";
import type { StoredSchedule } from "../../shared/state/schedule.ts";
import { agoText } from "../../shared/wording/units.ts";
import { type Finding, fail, ok, type Stage } from "./finding.ts";

/** The tick runs every minute. If a time is this many milliseconds past, no tick has seen it. */
const stuckMs = 5 * 60_000;

/** Whether schedules start what is due. */
export function scheduleFindings(
  schedules: readonly StoredSchedule[],
  stage: string,
  now: number,
): Finding[] {
  const stuck = schedules.filter(
    ({ active, nextAt }) => active && nextAt !== undefined && now - Date.parse(nextAt) > stuckMs,
  );
  if (stuck.length === 0) {
    const active = schedules.filter((each) => each.active).length;
    return [ok("schedules", `${active} of ${schedules.length} on, none is late`)];
  }
  return stuck.map(({ pipeline, name, nextAt = "" }) =>
    fail(
      "schedules",
      `${pipeline}/${name} was due ${agoText(now - Date.parse(nextAt))} and did not start`,
      `the function tick starts it; its log says why not: \`aws logs tail /aws/lambda/millrace-${stage}-tick\``,
    ),
  );
}

/** Checks whether schedules start what is due. */
export async function checkSchedules({ target, environment }: Stage): Promise<Finding[]> {
  const store = dynamoScheduleStore({ client: dynamoClient(target.config), name: environment.TABLE_NAME });
  return scheduleFindings(await store.list(), target.stage, Date.now());
}
