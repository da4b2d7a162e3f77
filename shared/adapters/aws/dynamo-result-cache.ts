import { PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { CachedResult, ResultCache } from "../../ports/result-cache.ts";
import { cacheSource } from "../../state/step-record.ts";
import { batchGet } from "./dynamo-batch-get.ts";
import { resultKey } from "./dynamo-keys.ts";
import { outputAttributes, outputOf } from "./dynamo-step-item.ts";
import type { DynamoTable } from "./dynamo-table.ts";

const facts = z.looseObject({
  pk: z.string(),
  source: cacheSource,
  validUntil: z.number().exactOptional(),
});

function resultOf(item: unknown): { pk: string; result: CachedResult } {
  const { pk, source, validUntil, ...output } = facts.parse(item);
  const expiry = validUntil === undefined ? {} : { expiresAt: validUntil };
  return { pk, result: { output: outputOf(output), source, ...expiry } };
}

/** Cached results in the table. DynamoDB removes expired ones within days. */
export function dynamoResultCache(table: DynamoTable): ResultCache {
  return {
    async get(keys) {
      const items = await batchGet(table, keys.map(resultKey));
      const byPartition = new Map(items.map(resultOf).map(({ pk, result }) => [pk, result]));
      return new Map(
        keys.flatMap((key) => {
          const result = byPartition.get(resultKey(key).pk);
          return result === undefined ? [] : [[key, result] as const];
        }),
      );
    },

    async put(key, { output, source, expiresAt }) {
      // DynamoDB's own expiry has a resolution of whole seconds.
      const expiry =
        expiresAt === undefined ? {} : { validUntil: expiresAt, expiresAt: Math.ceil(expiresAt / 1000) };
      const item = { ...resultKey(key), ...outputAttributes(output), source, ...expiry };
      await table.client.send(new PutCommand({ TableName: table.name, Item: item }));
    },
  };
}
