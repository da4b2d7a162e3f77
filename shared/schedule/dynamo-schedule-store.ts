import { PutCommand, paginateQuery, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { conditional, type DynamoTable } from "../store/dynamo-table.ts";
import type { ScheduleKey, ScheduleStore, StoredSchedule } from "./schedule-store.ts";

/** All schedules share a partition: there are as many as definitions name, and the tick reads them together. */
const partition = "SCHEDULES";
const keyOf = ({ pipeline, name }: ScheduleKey) => ({ pk: partition, sk: `${pipeline}#${name}` });

const scheduleItem: z.ZodType<StoredSchedule> = z.object({
  pipeline: z.string(),
  name: z.string(),
  active: z.boolean(),
  nextAt: z.iso.datetime(),
});

/** Schedules in the table. */
export function dynamoScheduleStore({ client, name: TableName }: DynamoTable): ScheduleStore {
  return {
    async list() {
      const found: StoredSchedule[] = [];
      const query = {
        TableName,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": partition },
      };
      for await (const page of paginateQuery({ client }, { ...query, ConsistentRead: true })) {
        found.push(...(page.Items ?? []).map((item) => scheduleItem.parse(item)));
      }
      return found;
    },

    async register(schedule) {
      await conditional(
        client.send(
          new PutCommand({
            TableName,
            Item: { ...keyOf(schedule), ...schedule },
            ConditionExpression: "attribute_not_exists(pk)",
          }),
        ),
      );
    },

    async setActive(key, active, nextAt) {
      const written = await conditional(
        client.send(
          new UpdateCommand({
            TableName,
            Key: keyOf(key),
            UpdateExpression: "SET active = :active, nextAt = :nextAt",
            ConditionExpression: "attribute_exists(pk)",
            ExpressionAttributeValues: { ":active": active, ":nextAt": nextAt },
            ReturnValues: "ALL_NEW",
          }),
        ),
      );
      return written.ok ? scheduleItem.parse(written.output.Attributes) : undefined;
    },

    async advance(key, from, to) {
      await conditional(
        client.send(
          new UpdateCommand({
            TableName,
            Key: keyOf(key),
            UpdateExpression: "SET nextAt = :to",
            ConditionExpression: "nextAt = :from",
            ExpressionAttributeValues: { ":from": from, ":to": to },
          }),
        ),
      );
    },
  };
}
