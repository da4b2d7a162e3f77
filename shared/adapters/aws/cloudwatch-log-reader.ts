import {
  type CloudWatchLogsClient,
  GetLogEventsCommand,
  paginateFilterLogEvents,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  type FunctionLine,
  type LogReader,
  type LogSearch,
  partsOfLog,
  type WrittenLine,
} from "../../ports/log-reader.ts";

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

/** The lines of one call, of those of its stream. Lambda writes a line at the begin of a call and one at its end. */
function linesOfCall(lines: readonly WrittenLine[], request: string): WrittenLine[] {
  const begin = lines.findIndex(({ text }) => text.startsWith(`START RequestId: ${request}`));
  if (begin < 0) return [];
  const end = lines.findIndex(({ text }) => text.startsWith(`END RequestId: ${request}`));
  return lines.slice(begin + 1, end < 0 ? undefined : end);
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
      const { group: logGroupName, stream: logStreamName, request } = partsOfLog(log);
      const lines: WrittenLine[] = [];
      let nextToken: string | undefined;
      for (let calls = 0; calls < (request === undefined ? 1 : maxCalls); calls += 1) {
        const input = { logGroupName, logStreamName, startFromHead: false, ...(nextToken && { nextToken }) };
        const reading = client.send(
          new GetLogEventsCommand({ ...input, ...(request === undefined && { limit }) }),
        );
        const page = await ifThere<Partial<Awaited<typeof reading>>>(reading, {});
        const { events = [], nextBackwardToken } = page;
        lines.unshift(
          ...events.map(({ timestamp: at, message: text = "" }) => ({
            text: text.replace(/\n$/, ""),
            ...(at !== undefined && { at }),
          })),
        );
        const found = request === undefined ? lines : linesOfCall(lines, request);
        // The first page is empty if there are none before: then the token stays the same.
        if (found.length > 0 || events.length === 0 || nextBackwardToken === nextToken)
          return found.slice(-limit);
        nextToken = nextBackwardToken;
      }
      return [];
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
