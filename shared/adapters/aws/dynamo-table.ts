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
 * Throttling is left to the SDK. An on-demand table is throttled only briefly, so five tries with the SDK's jittered
 * delays (up to 1, 2, 4 and 8 s after a throttled one, 7.5 s on average) outlast it and still fit into our shortest
 * function timeout. If throttling lasts longer, the function's message retries. The mode is "standard" and not
 * "adaptive": adaptive slows down all of a client's calls because of one hot key. The client gives up a connection that
 * hangs, which would otherwise block the whole function. All writes may be repeated, whether or not the lost one took
 * effect.
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

/** The outcome of a conditional write: its output, or the existing item that made the condition fail. */
export type Conditional<T> =
  | { readonly ok: true; readonly output: T }
  | { readonly ok: false; readonly current: unknown };

/** Awaits a write with a condition and `ReturnValuesOnConditionCheckFailure`. A failed condition is not an error. */
export async function conditional<T>(write: Promise<T>): Promise<Conditional<T>> {
  try {
    return { ok: true, output: await write };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { ok: false, current: error.Item && unmarshall(error.Item) };
  }
}
