import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

/** Calls that read, and how many items DynamoDB examined for them. */
export type ReadCounts = { queries: number; reads: number; items: number };

/** Counts what a client reads from now on. */
export function watch(client: DynamoDBDocumentClient): ReadCounts {
  const looked: ReadCounts = { queries: 0, reads: 0, items: 0 };
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args);
        const { ScannedCount: scanned = 0 } = result.output as { ScannedCount?: number };
        if (commandName === "QueryCommand") looked.queries += 1;
        else looked.reads += 1;
        looked.items += scanned;
        return result;
      },
    { step: "initialize", name: "watch" },
  );
  return looked;
}
