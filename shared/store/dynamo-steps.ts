import { randomBytes } from "node:crypto";
import {
  BatchGetCommand,
  type BatchGetCommandInput,
  type BatchGetCommandOutput,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandOutput,
} from "@aws-sdk/lib-dynamodb";
import { type Backoff, pauseBeforeRetry } from "../platform/pause-before-retry.ts";
import type { StepKey } from "../state/step-record.ts";
import { type ItemKey, runKey, stepKey, stepKeyPrefix } from "./dynamo-keys.ts";
import { stepItemOf, storedStepOf, versionOf } from "./dynamo-step-item.ts";
import { conditional, type DynamoTable } from "./dynamo-table.ts";
import type { RunStore, StoredStep, Version } from "./run-store.ts";

/** BatchGetItem takes no more keys. */
const batchGetKeys = 100;
/** Keys come back unprocessed over 16 MB of answers (no wait needed) and when throttled. */
const batchGetBackoff: Backoff = { tries: 8, first: 50, longest: 2_000 };

/** DynamoDB left keys of a BatchGetItem unread, again and again. Trying later can help. */
export class UnprocessedKeysError extends Error {
  override readonly name = "UnprocessedKeysError";
  readonly retryable = true;
  constructor(tries: number) {
    super(`DynamoDB left keys of a batch unread ${tries} times: the table is throttled; try later`);
  }
}

/** Told apart from every other write of the same record. 72 random bits in 12 characters. */
const freshVersion = (): Version => randomBytes(9).toString("base64url");

/** Reads up to 100 items, however many answers it takes. */
async function batchGet({ client, name }: DynamoTable, keys: readonly ItemKey[]): Promise<unknown[]> {
  const items: unknown[] = [];
  let request: BatchGetCommandInput["RequestItems"] = { [name]: { Keys: [...keys], ConsistentRead: true } };
  for (let tried = 1; tried <= batchGetBackoff.tries; tried += 1) {
    const answer: BatchGetCommandOutput = await client.send(new BatchGetCommand({ RequestItems: request }));
    items.push(...(answer.Responses?.[name] ?? []));
    if (answer.UnprocessedKeys?.[name] === undefined) return items;
    request = answer.UnprocessedKeys;
    await pauseBeforeRetry(batchGetBackoff, tried);
  }
  throw new UnprocessedKeysError(batchGetBackoff.tries);
}

/** Records of steps. */
export function dynamoSteps(
  table: DynamoTable,
): Pick<RunStore, "getStep" | "getSteps" | "listSteps" | "putStep"> {
  const { client, name } = table;

  const getSteps = async (keys: readonly StepKey[]): Promise<StoredStep[]> => {
    // Distinct: BatchGetItem refuses a key that it is given twice.
    const wanted = new Map(keys.map((key) => [JSON.stringify(stepKey(key)), stepKey(key)]));
    const all = [...wanted.values()];
    const batches = Array.from({ length: Math.ceil(all.length / batchGetKeys) }, (_, place) =>
      batchGet(table, all.slice(place * batchGetKeys, (place + 1) * batchGetKeys)),
    );
    const found = new Map(
      (await Promise.all(batches)).flat().map((item) => {
        const record = storedStepOf(item);
        return [JSON.stringify(stepKey(record)), record];
      }),
    );
    return [...wanted.keys()].map((key) => found.get(key)).filter((record) => record !== undefined);
  };

  return {
    getSteps,

    async getStep(key) {
      const { Item: item } = await client.send(
        new GetCommand({ TableName: name, Key: stepKey(key), ConsistentRead: true }),
      );
      return item && storedStepOf(item);
    },

    async listSteps(runId, step) {
      const records: StoredStep[] = [];
      let from: QueryCommandOutput["LastEvaluatedKey"];
      do {
        const page: QueryCommandOutput = await client.send(
          new QueryCommand({
            TableName: name,
            KeyConditionExpression: "pk = :pk AND begins_with(sk, :steps)",
            ExpressionAttributeValues: { ":pk": runKey(runId).pk, ":steps": stepKeyPrefix(step) },
            ConsistentRead: true,
            ExclusiveStartKey: from,
          }),
        );
        records.push(...(page.Items ?? []).map(storedStepOf));
        from = page.LastEvaluatedKey;
      } while (from !== undefined);
      return records;
    },

    async putStep(next, previous) {
      const version = freshVersion();
      const item = stepItemOf(next, version);
      const write = new PutCommand({
        TableName: name,
        Item: item,
        ...(previous === undefined
          ? { ConditionExpression: "attribute_not_exists(pk)" }
          : {
              ConditionExpression: "version = :previous",
              ExpressionAttributeValues: { ":previous": previous },
            }),
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
      const written = await conditional(client.send(write));
      // The SDK repeats a write whose answer was lost; the repetition then meets its own item.
      const mine = written.ok || (written.current !== undefined && versionOf(written.current) === version);
      if (mine) return { ok: true, record: { ...next, version } };
      return {
        ok: false,
        current: written.current === undefined ? undefined : storedStepOf(written.current),
      };
    },
  };
}
