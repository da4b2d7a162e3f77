import { isDeepStrictEqual } from "node:util";
import { GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { recordOf } from "../../pipeline/stored-record.ts";
import type { BackfillStore } from "../../ports/backfill-store.ts";
import { type Backfill, backfillRecord, listedBackfill } from "../../state/backfill.ts";
import { batchGet } from "./dynamo-batch-get.ts";
import { isDue, isFirst, isUnchangedVersion } from "./dynamo-conditions.ts";
import {
  backfillIdFromKey,
  backfillKey,
  backfillsDuePartition,
  backfillsPartition,
  fieldsOf,
} from "./dynamo-keys.ts";
import { take } from "./dynamo-query.ts";
import { jsonText } from "./dynamo-run-item.ts";
import { conditional, type DynamoTable } from "./dynamo-table.ts";

/** The fields that a backfill's item stores in another form than the backfill. */
const encodedFields = z.looseObject({ pk: backfillIdFromKey, params: jsonText });

function backfillFieldsOf(item: unknown) {
  const { pk: id, ...others } = encodedFields.parse(item);
  return { ...fieldsOf(others), id };
}

/** @throws NewerRecordError; ZodError for any other item that is not a backfill */
function backfillOf(item: unknown): Backfill {
  const fields = backfillFieldsOf(item);
  return recordOf(backfillRecord, fields, `backfill ${fields.id}`);
}

/** Only a backfill that still has something to do is in the `due` index. */
const duePlace = ({ dueAt }: Backfill) =>
  dueAt === undefined ? {} : { duePartition: backfillsDuePartition, dueAt };

/** Backfills in the table, listed through the index that lists a pipeline's runs. */
export function dynamoBackfillStore(table: DynamoTable): BackfillStore {
  const { client, name: TableName } = table;
  const keys = z.object({ pk: backfillIdFromKey });
  return {
    async get(id) {
      const { Item } = await client.send(
        new GetCommand({ TableName, Key: backfillKey(id), ConsistentRead: true }),
      );
      return Item === undefined ? undefined : backfillOf(Item);
    },

    async list(limit) {
      const query = {
        IndexName: "runs-by-pipeline",
        KeyConditionExpression: "gsi1pk = :pk",
        ExpressionAttributeValues: { ":pk": backfillsPartition },
        ScanIndexForward: false,
        Limit: limit,
      };
      const ids = (await take(table, query, limit)).map((item) => keys.parse(item).pk);
      const found = (await batchGet(table, ids.map(backfillKey))).map((item) =>
        listedBackfill.parse(backfillFieldsOf(item)),
      );
      return found.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
    },

    async due(now, limit) {
      const query = {
        IndexName: "due",
        KeyConditionExpression: "duePartition = :partition AND dueAt <= :now",
        ExpressionAttributeValues: { ":partition": backfillsDuePartition, ":now": now },
        Limit: limit,
      };
      return (await take(table, query, limit)).map((item) => keys.parse(item).pk);
    },

    async put(next) {
      const { id, params, dueAt: _dueAt, ...rest } = next;
      const first = next.version === 1;
      const written = await conditional(
        client.send(
          new PutCommand({
            TableName,
            Item: {
              ...backfillKey(id),
              ...rest,
              params: JSON.stringify(params),
              gsi1pk: backfillsPartition,
              gsi1sk: `${next.createdAt}#${id}`,
              ...duePlace(next),
            },
            ConditionExpression: first ? isFirst : isUnchangedVersion,
            ...(!first && { ExpressionAttributeValues: { ":previous": next.version - 1 } }),
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      );
      if (written.ok || written.current === undefined) return written.ok;
      return isDeepStrictEqual(backfillOf(written.current), { ...next });
    },

    async defer(id, dueAt) {
      const update = new UpdateCommand({
        TableName,
        Key: backfillKey(id),
        UpdateExpression: "SET dueAt = :due",
        ConditionExpression: isDue,
        ExpressionAttributeValues: { ":due": dueAt },
      });
      await conditional(client.send(update));
    },
  };
}
