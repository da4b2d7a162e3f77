import {
  type CloudWatchLogsClient,
  GetLogEventsCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import type { LogReader } from "../../ports/log-reader.ts";

/** Reads logs from CloudWatch Logs. */
export function cloudWatchLogReader(client: CloudWatchLogsClient): LogReader {
  return {
    async tail(log, limit) {
      const [logGroupName = "", ...stream] = log.split(":");
      const logStreamName = stream.join(":");
      try {
        const { events = [] } = await client.send(
          new GetLogEventsCommand({ logGroupName, logStreamName, limit, startFromHead: false }),
        );
        return events.map(({ timestamp: at, message: text = "" }) => ({
          text,
          ...(at !== undefined && { at }),
        }));
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return [];
        throw error;
      }
    },
  };
}
