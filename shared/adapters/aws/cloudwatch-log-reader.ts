import {
  type CloudWatchLogsClient,
  GetLogEventsCommand,
  paginateFilterLogEvents,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import type { FunctionLine, LogReader, LogSearch } from "../../ports/log-reader.ts";

/** Calls that one search makes in each group. A call looks at up to 1 MB of what the group has. */
const maxCalls = 5;

/** What is answered instead if a log doesn't exist. */
async function ifThere<T>(reading: Promise<T>, instead: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return instead;
    throw error;
  }
}

async function searchGroup(client: CloudWatchLogsClient, log: string, { text, from, to }: LogSearch) {
  const input = {
    logGroupName: log,
    filterPattern: JSON.stringify(text),
    startTime: from,
    endTime: to,
  };
  const lines: FunctionLine[] = [];
  let calls = 0;
  for await (const { events = [], nextToken } of paginateFilterLogEvents({ client }, input)) {
    calls += 1;
    lines.push(...events.map(({ timestamp: at = from, message = "" }) => ({ at, text: message, log })));
    if (calls === maxCalls) return { lines, isComplete: nextToken === undefined };
  }
  return { lines, isComplete: true };
}

/**
 * Reads logs from CloudWatch Logs.
 *
 * @param functionGroups the log groups of the step functions
 */
export function cloudWatchLogReader(
  client: CloudWatchLogsClient,
  functionGroups: readonly string[],
): LogReader {
  return {
    async tail(log, limit) {
      const [logGroupName = "", ...stream] = log.split(":");
      const logStreamName = stream.join(":");
      const reading = client.send(
        new GetLogEventsCommand({ logGroupName, logStreamName, limit, startFromHead: false }),
      );
      const { events = [] } = await ifThere<Pick<Awaited<typeof reading>, "events">>(reading, {});
      return events.map(({ timestamp: at, message: text = "" }) => ({
        text,
        ...(at !== undefined && { at }),
      }));
    },

    async search(search) {
      const found = await Promise.all(
        functionGroups.map((group) =>
          ifThere(searchGroup(client, group, search), { lines: [], isComplete: true }),
        ),
      );
      return {
        lines: found.flatMap(({ lines }) => lines).toSorted((a, b) => a.at - b.at),
        isComplete: found.every(({ isComplete }) => isComplete),
      };
    },
  };
}
