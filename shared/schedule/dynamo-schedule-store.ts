import { isDeepStrictEqual } from "node:util";
import { GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import {
  scheduleFromKey,
  scheduleKey,
  schedulesDuePartition,
  schedulesPartition,
} from "../store/dynamo-keys.ts";
import { take } from "../store/dynamo-query.ts";
import { conditional, type DynamoTable } from "../store/dynamo-table.ts";
import type { ScheduleStore, StoredSchedule } from "./schedule-store.ts";

/** One that was stored without its rule gets it, and its place in the index, when it is registered next. */
const scheduleItem = z
  .object({
    sk: scheduleFromKey,
    active: z.boolean(),
    rule: z.string().default(""),
    dueAt: z.iso.datetime().exactOptional(),
  })
  .transform(
    ({ sk: key, active, rule, dueAt }): StoredSchedule => ({
      ...key,
      active,
      rule,
      ...(dueAt !== undefined && { nextAt: dueAt }),
    }),
  );

/** The condition that a schedule is still as it was read. */
function unchanged(previous: StoredSchedule | undefined) {
  if (previous === undefined) return { ConditionExpression: "attribute_not_exists(pk)" };
  const { active, rule, nextAt } = previous;
  return {
    ConditionExpression: [
      "active = :active",
      rule === "" ? "attribute_not_exists(#rule)" : "#rule = :rule",
      nextAt === undefined ? "attribute_not_exists(dueAt)" : "dueAt = :nextAt",
    ].join(" AND "),
    ExpressionAttributeNames: { "#rule": "rule" },
    ExpressionAttributeValues: {
      ":active": active,
      ...(rule !== "" && { ":rule": rule }),
      ...(nextAt !== undefined && { ":nextAt": nextAt }),
    },
  };
}

/**
 * Schedules in the table. One that has a next time is in the index of what is due, beside runs, so that the tick reads
 * those whose time has come and no others.
 */
export function dynamoScheduleStore(table: DynamoTable): ScheduleStore {
  const { client, name: TableName } = table;
  return {
    async list() {
      const query = {
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": schedulesPartition },
        ConsistentRead: true,
      };
      return (await take(table, query)).map((item) => scheduleItem.parse(item));
    },

    async get(key) {
      const { Item } = await client.send(
        new GetCommand({ TableName, Key: scheduleKey(key), ConsistentRead: true }),
      );
      return Item === undefined ? undefined : scheduleItem.parse(Item);
    },

    async due(now, limit) {
      const query = {
        IndexName: "due",
        KeyConditionExpression: "duePartition = :partition AND dueAt <= :now",
        ExpressionAttributeValues: { ":partition": schedulesDuePartition, ":now": now },
        Limit: limit,
      };
      const keys = z.object({ sk: scheduleFromKey });
      return (await take(table, query, limit)).map((item) => keys.parse(item).sk);
    },

    async put(next, previous) {
      const { nextAt, active, rule } = next;
      const due = nextAt === undefined ? {} : { duePartition: schedulesDuePartition, dueAt: nextAt };
      const written = await conditional(
        client.send(
          new PutCommand({
            TableName,
            Item: { ...scheduleKey(next), active, rule, ...due },
            ...unchanged(previous),
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      );
      if (written.ok || written.current === undefined) return written.ok;
      return isDeepStrictEqual(scheduleItem.parse(written.current), { ...next });
    },
  };
}
