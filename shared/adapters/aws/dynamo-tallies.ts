import { GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { RunStore, Tally } from "../../ports/run-store.ts";
import { spendingFields } from "../../state/spending.ts";
import { isFirst, isInEpoch, isNotIn } from "./dynamo-conditions.ts";
import { tallyKey } from "./dynamo-keys.ts";
import { take } from "./dynamo-query.ts";
import { numberSet } from "./dynamo-run-item.ts";
import { spendingWrite } from "./dynamo-spending.ts";
import { conditional, type DynamoTable } from "./dynamo-table.ts";

const tallyItem = z.object({
  size: z.int().nonnegative(),
  epoch: z.int().positive(),
  done: numberSet,
  failed: numberSet,
  ...spendingFields,
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
        UpdateExpression: "SET #epoch = :epoch, #size = :size REMOVE #failed, spent, unpriced",
        ConditionExpression: `${isFirst} OR #epoch < :epoch`,
        ExpressionAttributeNames: { "#epoch": "epoch", "#size": "size", "#failed": "failed" },
        ExpressionAttributeValues: { ":epoch": epoch, ":size": size },
      });
      await conditional(client.send(write));
    },

    async joinTally(key, epoch, member, outcome, price) {
      const spending = spendingWrite(price);
      const write = new UpdateCommand({
        TableName: name,
        Key: tallyKey(key),
        UpdateExpression: `ADD ${["#outcome :member", ...spending.adds].join(", ")}`,
        ConditionExpression: `${isInEpoch} AND ${isNotIn(["done", "failed"], ":number")}`,
        ExpressionAttributeNames: { "#outcome": outcome },
        ExpressionAttributeValues: {
          ...spending.values,
          ":epoch": epoch,
          ":member": new Set([member]),
          ":number": member,
        },
        ReturnValues: "ALL_NEW",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
      const written = await conditional(client.send(write));
      if (written.ok) return tallyOf(written.output.Attributes);
      const current = written.current === undefined ? undefined : tallyOf(written.current);
      return current?.epoch === epoch ? current : undefined;
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
