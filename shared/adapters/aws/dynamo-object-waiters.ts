import { DeleteCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { ObjectWaiter, ObjectWaiters } from "../../ports/object-waiters.ts";
import { objectPartition, waiterKey } from "./dynamo-keys.ts";
import { take } from "./dynamo-query.ts";
import type { DynamoTable } from "./dynamo-table.ts";

const waiterItem: z.ZodType<ObjectWaiter> = z.object({
  runId: z.string(),
  step: z.string(),
  index: z.union([z.int().nonnegative(), z.literal("map")]),
  epoch: z.int().positive(),
});

/** Notes of waiting steps in the table: a partition for each object. */
export function dynamoObjectWaiters(table: DynamoTable): ObjectWaiters {
  const { client, name: TableName } = table;
  return {
    async add(uri, { runId, step, index, epoch }, until) {
      const waiter = { runId, step, index, epoch };
      // Nobody removes the note of a cancelled run; the table expires it some time later.
      const item = { ...waiterKey(uri, waiter), ...waiter, expiresAt: Math.ceil(until / 1000) };
      await client.send(new PutCommand({ TableName, Item: item }));
    },

    async list(uri) {
      const query = {
        KeyConditionExpression: "pk = :object",
        ExpressionAttributeValues: { ":object": objectPartition(uri) },
        ConsistentRead: true,
      };
      return (await take(table, query)).map((item) => waiterItem.parse(item));
    },

    async remove(uri, waiter) {
      await client.send(new DeleteCommand({ TableName, Key: waiterKey(uri, waiter) }));
    },
  };
}
