import { QueryCommand, type QueryCommandInput, type QueryCommandOutput } from "@aws-sdk/lib-dynamodb";
import type { DynamoTable } from "./dynamo-table.ts";

/** A query of the table or of one of its indexes. */
export type Query = Omit<QueryCommandInput, "TableName">;

/** Up to `limit` items of a query, or all of them, over as many pages as that takes. */
export async function take(
  table: DynamoTable,
  query: Query,
  limit = Number.POSITIVE_INFINITY,
): Promise<unknown[]> {
  const items: unknown[] = [];
  let from: QueryCommandOutput["LastEvaluatedKey"];
  do {
    const page: QueryCommandOutput = await table.client.send(
      new QueryCommand({ TableName: table.name, ...query, ExclusiveStartKey: from }),
    );
    items.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from !== undefined && items.length < limit);
  return items.slice(0, limit);
}

/** The result of one Query call: its items, and the key that it reached if there may be more. */
export async function queryOnce(
  { client, name }: DynamoTable,
  query: Query,
): Promise<{ items: readonly unknown[]; last?: Readonly<Record<string, unknown>> }> {
  const { Items: items = [], LastEvaluatedKey: last } = await client.send(
    new QueryCommand({ TableName: name, ...query }),
  );
  return { items, ...(last !== undefined && { last }) };
}
