import { partsOfLog } from "../ports/log-reader.ts";

/** The CloudWatch console expects the parts of its fragment encoded twice, with $ for the second %. */
const encoded = (part: string) => encodeURIComponent(encodeURIComponent(part)).replaceAll("%", "$");

/**
 * The page of a log stream in the CloudWatch console.
 *
 * @param log `group:stream`, in the form that errors name it
 * @returns undefined for a log that is elsewhere, such as a file of the local stack
 */
export function logUrl(region: string, log: string): string | undefined {
  const { group, stream } = partsOfLog(log);
  if (!group.startsWith("/aws/") || stream === "") return undefined;
  const page = `log-groups/log-group/${encoded(group)}/log-events/${encoded(stream)}`;
  return `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#logsV2:${page}`;
}
