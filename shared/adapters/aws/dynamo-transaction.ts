import { TransactionCanceledException, TransactionConflictException } from "@aws-sdk/client-dynamodb";
import { TransactWriteCommand, type TransactWriteCommandInput } from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { MillraceError } from "../../pipeline/millrace-error.ts";
import { type Backoff, pauseBeforeRetry } from "../../platform/pause-before-retry.ts";
import type { DynamoTable } from "./dynamo-table.ts";

/** One write of a transaction. */
export type Write = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];

/** A write of a transaction whose condition failed, and the existing item that made it fail. */
export type Refusal = { readonly place: number; readonly item: unknown };

/** The outcome of a transaction: all of its writes took effect, or none did. */
export type Transacted =
  | { readonly ok: true }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };

/** Transactions that touch the same item cancel one another; it takes milliseconds until they are done. */
const backoff: Backoff = { tries: 10, first: 20, max: 2_000 };
const refused = "ConditionalCheckFailed";
const passing = new Set(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);

/** Other transactions kept getting in the way of writes. Trying later can help. */
export class TransactionConflictError extends MillraceError {
  readonly throttled = true;
  constructor(cause: unknown) {
    super("TABLE_CONFLICT", `DynamoDB refused a write ${backoff.tries} times because of concurrent writes`, {
      cause,
    });
  }
}

/** Whether conflicts were the only cause. If a condition failed too, it has failed for good. */
function isTransient(error: unknown): boolean {
  if (error instanceof TransactionConflictException) return true;
  if (!(error instanceof TransactionCanceledException)) return false;
  const codes = (error.CancellationReasons ?? []).map(({ Code: code = "" }) => code);
  return !codes.includes(refused) && codes.some((code) => passing.has(code));
}

/**
 * Makes a write to an item that transactions also write, and repeats it while a transaction blocks it. The SDK doesn't
 * repeat either kind of write.
 *
 * @throws TransactionConflictError
 */
export async function retryOnConflict<T>(write: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await write();
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (tried === backoff.tries) throw new TransactionConflictError(error);
      await pauseBeforeRetry(backoff, tried);
    }
  }
}

/**
 * Makes all writes or none. A failed condition is not an error. The SDK gives each call a token, which distinguishes
 * its own repetition after a lost answer from a second transaction.
 *
 * @throws TransactionConflictError
 */
export async function transact({ client }: DynamoTable, writes: readonly Write[]): Promise<Transacted> {
  try {
    await retryOnConflict(() => client.send(new TransactWriteCommand({ TransactItems: [...writes] })));
    return { ok: true };
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    const refusals = (error.CancellationReasons ?? []).flatMap(({ Code: code, Item: item }, place) =>
      code === refused ? [{ place, item: item && unmarshall(item) }] : [],
    );
    if (refusals.length === 0) throw error;
    return { ok: false, refusals };
  }
}
