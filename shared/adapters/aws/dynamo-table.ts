import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  type DynamoDBClientConfig,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";

/** The table of runs, and the client that reaches it. */
export type DynamoTable = { readonly client: DynamoDBDocumentClient; readonly name: string };

/**
 * A client for the table of runs.
 *
 * Throttling is left to the SDK. A table on demand is throttled for moments only, so five tries with the SDK's jittered
 * delays (up to 1, 2, 4 and 8 s after a throttled one, 7.5 s on average) outlast it and still fit into the shortest of
 * our functions; what lasts longer is retried by the message that the function holds. "standard" and not "adaptive":
 * adaptive slows down all of a client's calls because of one hot key. A connection that hangs is given up, as otherwise
 * it would take the whole function with it; all writes may be repeated, whether or not the lost one took effect.
 */
export function dynamoClient(config: DynamoDBClientConfig = {}): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(
    new DynamoDBClient({
      maxAttempts: 5,
      retryMode: "standard",
      // Not connectionTimeout: it would also count the wait for one of the client's 50 sockets.
      requestHandler: { requestTimeout: 5_000, throwOnRequestTimeout: true },
      ...config,
    }),
  );
}

/** What became of a conditional write: its output, or the item that stood against it. */
export type Conditional<T> =
  | { readonly ok: true; readonly output: T }
  | { readonly ok: false; readonly current: unknown };

/** Awaits a write with a condition and `ReturnValuesOnConditionCheckFailure`; a condition that fails is no error. */
export async function conditional<T>(write: Promise<T>): Promise<Conditional<T>> {
  try {
    return { ok: true, output: await write };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { ok: false, current: error.Item && unmarshall(error.Item) };
  }
}
