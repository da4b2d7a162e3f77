import { TransactionCanceledException, TransactionConflictException } from "@aws-sdk/client-dynamodb";
import { TransactWriteCommand, type TransactWriteCommandInput } from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { type Backoff, pauseBeforeRetry } from "../../platform/pause-before-retry.ts";
import type { DynamoTable } from "./dynamo-table.ts";

/** One write of a transaction. */
export type Write = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];

/** A write of a transaction whose condition did not hold, and the item that stood against it. */
export type Refusal = { readonly place: number; readonly item: unknown };

/** What became of a transaction: all of its writes, or none. */
export type Transacted =
  | { readonly ok: true }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };

/** Transactions that meet at an item cancel one another; it takes milliseconds until they are through. */
const backoff: Backoff = { tries: 10, first: 20, longest: 2_000 };
const refused = "ConditionalCheckFailed";
const passing = new Set(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);

/** Writes of other transactions stood in the way again and again. Trying later can help. */
export class TransactionConflictError extends Error {
  override readonly name = "TransactionConflictError";
  readonly throttled = true;
  constructor(cause: unknown) {
    super(`DynamoDB put a write off for others ${backoff.tries} times; try later`, { cause });
  }
}

/** Whether nothing but the moment was wrong. A condition that failed beside a conflict has failed for good. */
function willPass(error: unknown): boolean {
  if (error instanceof TransactionConflictException) return true;
  if (!(error instanceof TransactionCanceledException)) return false;
  const codes = (error.CancellationReasons ?? []).map(({ Code: code = "" }) => code);
  return !codes.includes(refused) && codes.some((code) => passing.has(code));
}

/**
 * Makes a write to an item that transactions write too, and makes it again while one of them stands in its way: the SDK
 * repeats neither.
 *
 * @throws TransactionConflictError
 */
export async function amidTransactions<T>(write: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await write();
    } catch (error) {
      if (!willPass(error)) throw error;
      if (tried === backoff.tries) throw new TransactionConflictError(error);
      await pauseBeforeRetry(backoff, tried);
    }
  }
}

/**
 * Makes all writes or none. Conditions that fail are no error. A repetition by the SDK, after a lost answer, is told from
 * a second transaction by the token that the SDK gives each call.
 *
 * @throws TransactionConflictError
 */
export async function transact({ client }: DynamoTable, writes: readonly Write[]): Promise<Transacted> {
  try {
    await amidTransactions(() => client.send(new TransactWriteCommand({ TransactItems: [...writes] })));
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
