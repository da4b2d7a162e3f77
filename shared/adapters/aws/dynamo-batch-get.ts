import {
  BatchGetCommand,
  type BatchGetCommandInput,
  type BatchGetCommandOutput,
} from "@aws-sdk/lib-dynamodb";
import { MillraceError } from "../../pipeline/millrace-error.ts";
import { type Backoff, pauseBeforeRetry } from "../../platform/pause-before-retry.ts";
import type { ItemKey } from "./dynamo-keys.ts";
import type { DynamoTable } from "./dynamo-table.ts";

/** BatchGetItem accepts no more keys than this. */
const maxKeysPerCall = 100;
/** DynamoDB returns keys unprocessed if the answer exceeds 16 MB (no wait needed) or if it throttles. */
const backoff: Backoff = { tries: 8, first: 50, max: 2_000 };

/** DynamoDB left keys of a BatchGetItem unread after repeated tries. Trying later can help. */
export class UnprocessedKeysError extends MillraceError {
  readonly throttled = true;
  constructor(tries: number) {
    super("TABLE_THROTTLED", `DynamoDB left keys of a batch unread ${tries} times: the table is throttled`);
  }
}

/** Reads up to 100 items, in as many calls as it takes. */
async function readChunk({ client, name }: DynamoTable, keys: readonly ItemKey[]): Promise<unknown[]> {
  const items: unknown[] = [];
  let request: BatchGetCommandInput["RequestItems"] = { [name]: { Keys: [...keys], ConsistentRead: true } };
  for (let tried = 1; tried <= backoff.tries; tried += 1) {
    const answer: BatchGetCommandOutput = await client.send(new BatchGetCommand({ RequestItems: request }));
    items.push(...(answer.Responses?.[name] ?? []));
    if (answer.UnprocessedKeys?.[name] === undefined) return items;
    request = answer.UnprocessedKeys;
    await pauseBeforeRetry(backoff, tried);
  }
  throw new UnprocessedKeysError(backoff.tries);
}

/**
 * Reads any number of items, in no set order. A key that is requested twice is read once.
 *
 * @throws UnprocessedKeysError
 */
export async function batchGet(table: DynamoTable, keys: readonly ItemKey[]): Promise<unknown[]> {
  // BatchGetItem refuses duplicate keys.
  const distinct = [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
  const chunks = Array.from({ length: Math.ceil(distinct.length / maxKeysPerCall) }, (_, place) =>
    readChunk(table, distinct.slice(place * maxKeysPerCall, (place + 1) * maxKeysPerCall)),
  );
  return (await Promise.all(chunks)).flat();
}
