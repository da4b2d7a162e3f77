import { isDeepStrictEqual } from "node:util";
import { GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { ScheduleStore } from "../../ports/schedule-store.ts";
import { type StoredSchedule, scheduleRecord } from "../../state/schedule.ts";
import { isFirst } from "./dynamo-conditions.ts";
import {
  fieldsOf,
  scheduleFromKey,
  scheduleKey,
  schedulesDuePartition,
  schedulesPartition,
} from "./dynamo-keys.ts";
import { take } from "./dynamo-query.ts";
import { conditional, type DynamoTable } from "./dynamo-table.ts";

/** The fields that a schedule's item stores in another form: its next time is the `due` index's sort key. */
const encodedFields = z.looseObject({ sk: scheduleFromKey, dueAt: z.string().exactOptional() });

/**
 * A schedule that was stored without its rule gets it, and its place in the index, at the next registration.
 *
 * @throws ZodError for an item that is not a schedule
 */
function scheduleOf(item: unknown): StoredSchedule {
  const { sk: key, dueAt, ...others } = encodedFields.parse(item);
  const next = dueAt === undefined ? {} : { nextAt: dueAt };
  return scheduleRecord.parse({ rule: "", ...fieldsOf(others), ...key, ...next });
}

/** The attributes of a schedule besides its key. */
function attributesOf({ pipeline: _pipeline, name: _name, nextAt, ...fields }: StoredSchedule) {
  return { ...fields, ...(nextAt !== undefined && { dueAt: nextAt }) };
}

/**
 * The condition that no field of a schedule has changed since it was read. A tick that moves it on and a person who
 * switches it off at the same time both read it first; the second writer reads it again.
 */
function unchanged(previous: StoredSchedule | undefined) {
  if (previous === undefined) return { ConditionExpression: isFirst };
  const { rule, ...others } = attributesOf(previous);
  const wanted = Object.entries({ ...others, ...(rule !== "" && { rule }) });
  const absent = ["rule", "dueAt"].filter((name) => !wanted.some(([known]) => known === name));
  const names = [...wanted.map(([name]) => name), ...absent];
  return {
    ConditionExpression: [
      ...wanted.map((_, place) => `#a${place} = :a${place}`),
      ...absent.map((_, place) => `attribute_not_exists(#a${wanted.length + place})`),
    ].join(" AND "),
    ExpressionAttributeNames: Object.fromEntries(names.map((name, place) => [`#a${place}`, name])),
    ExpressionAttributeValues: Object.fromEntries(wanted.map(([, value], place) => [`:a${place}`, value])),
  };
}

/**
 * Schedules in the table. A schedule with a next time is in the `due` index, beside runs, so that the tick reads only
 * those whose time has come.
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
      return (await take(table, query)).map((item) => scheduleOf(item));
    },

    async get(key) {
      const { Item } = await client.send(
        new GetCommand({ TableName, Key: scheduleKey(key), ConsistentRead: true }),
      );
      return Item === undefined ? undefined : scheduleOf(Item);
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
      const place = next.nextAt === undefined ? {} : { duePartition: schedulesDuePartition };
      const written = await conditional(
        client.send(
          new PutCommand({
            TableName,
            Item: { ...attributesOf(next), ...scheduleKey(next), ...place },
            ...unchanged(previous),
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      );
      if (written.ok || written.current === undefined) return written.ok;
      return isDeepStrictEqual(scheduleOf(written.current), { ...next });
    },
  };
}
