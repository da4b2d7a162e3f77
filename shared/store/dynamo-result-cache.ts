import { PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { batchGet } from "./dynamo-batch-get.ts";
import { resultKey } from "./dynamo-keys.ts";
import { jsonText } from "./dynamo-run-item.ts";
import { cacheSource, outputAttributes } from "./dynamo-step-item.ts";
import type { DynamoTable } from "./dynamo-table.ts";
import type { CachedResult, ResultCache } from "./result-cache.ts";

const facts = z.object({ pk: z.string(), source: cacheSource, validUntil: z.number().exactOptional() });
type Found = { pk: string; result: CachedResult };
const resultItem = z.union([
  facts.extend({ value: jsonText }).transform(({ value, ...rest }) => found(rest, { value })),
  facts.extend({ uri: z.string() }).transform(({ uri, ...rest }) => found(rest, { uri })),
]);

function found({ pk, source, validUntil }: z.infer<typeof facts>, output: CachedResult["output"]): Found {
  return { pk, result: { output, source, ...(validUntil !== undefined && { expiresAt: validUntil }) } };
}

/** Kept results in the table. DynamoDB removes those that have expired, within days. */
export function dynamoResultCache(table: DynamoTable): ResultCache {
  return {
    async get(keys) {
      const items = await batchGet(table, keys.map(resultKey));
      const byPartition = new Map(
        items.map((item) => resultItem.parse(item)).map(({ pk, result }) => [pk, result]),
      );
      return new Map(
        keys.flatMap((key) => {
          const result = byPartition.get(resultKey(key).pk);
          return result === undefined ? [] : [[key, result] as const];
        }),
      );
    },

    async put(key, { output, source, expiresAt }) {
      // DynamoDB's own expiry knows whole seconds only.
      const expiry =
        expiresAt === undefined ? {} : { validUntil: expiresAt, expiresAt: Math.ceil(expiresAt / 1000) };
      const item = { ...resultKey(key), ...outputAttributes(output), source, ...expiry };
      await table.client.send(new PutCommand({ TableName: table.name, Item: item }));
    },
  };
}
