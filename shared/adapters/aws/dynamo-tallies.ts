import { GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { RunStore, Tally } from "../../ports/run-store.ts";
import { isFirst } from "./dynamo-conditions.ts";
import { tallyKey } from "./dynamo-keys.ts";
import { take } from "./dynamo-query.ts";
import { numberSet } from "./dynamo-run-item.ts";
import { conditional, type DynamoTable } from "./dynamo-table.ts";

const tallyItem = z.object({
  size: z.int().nonnegative(),
  epoch: z.int().positive(),
  done: numberSet,
  failed: numberSet,
});
const placed = z.object({ sk: z.string() });
const placeOf = (item: unknown) => placed.parse(item).sk;
const tallyOf = (item: unknown): Tally => tallyItem.parse(item);

/** Tallies of mapped steps. A shard of 200 stays under 1 KB: one write unit per join. */
export function dynamoTallies(
  table: DynamoTable,
): Pick<RunStore, "openTally" | "joinTally" | "getTally" | "listTallies"> {
  const { client, name } = table;
  return {
    async openTally(key, epoch, size) {
      const write = new UpdateCommand({
        TableName: name,
        Key: tallyKey(key),
        UpdateExpression: "SET #epoch = :epoch, #size = :size REMOVE #failed",
        ConditionExpression: `${isFirst} OR #epoch < :epoch`,
        ExpressionAttributeNames: { "#epoch": "epoch", "#size": "size", "#failed": "failed" },
        ExpressionAttributeValues: { ":epoch": epoch, ":size": size },
      });
      await conditional(client.send(write));
    },

    async joinTally(key, epoch, member, outcome) {
      const write = new UpdateCommand({
        TableName: name,
        Key: tallyKey(key),
        UpdateExpression: "ADD #outcome :member",
        ConditionExpression: "#epoch = :epoch",
        ExpressionAttributeNames: { "#epoch": "epoch", "#outcome": outcome },
        ExpressionAttributeValues: { ":epoch": epoch, ":member": new Set([member]) },
        ReturnValues: "ALL_NEW",
      });
      const written = await conditional(client.send(write));
      return written.ok ? tallyOf(written.output.Attributes) : undefined;
    },

    async getTally(key) {
      const { Item: item } = await client.send(
        new GetCommand({ TableName: name, Key: tallyKey(key), ConsistentRead: true }),
      );
      return item && tallyOf(item);
    },

    async listTallies(runId, step) {
      const { pk, sk: map } = tallyKey({ runId, step, shard: "map" });
      const items = await take(table, {
        // The map's own tally sorts after the numbers of its shards.
        KeyConditionExpression: "pk = :pk AND sk BETWEEN :first AND :map",
        ExpressionAttributeValues: { ":pk": pk, ":first": map.slice(0, -"map".length), ":map": map },
        ConsistentRead: true,
      });
      return items.filter((item) => placeOf(item) !== map).map(tallyOf);
    },
  };
}
