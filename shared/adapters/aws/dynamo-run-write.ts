import { GetCommand, type TransactWriteCommandInput, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { runKey } from "./dynamo-keys.ts";
import { conditional, type DynamoTable } from "./dynamo-table.ts";
import { amidTransactions, type Transacted, transact, type Write } from "./dynamo-transaction.ts";

/** A change of a run's item and the condition of it. `#state` is there without being named. */
export type RunChange = {
  readonly add?: string;
  readonly set?: string;
  readonly remove?: string;
  readonly condition: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
};

/** Whether a run was changed, and its item as it then is; or the item that the condition met, if there is one. */
export type RunWritten = { readonly ok: boolean; readonly item: unknown };

type Update = NonNullable<NonNullable<TransactWriteCommandInput["TransactItems"]>[number]["Update"]>;

/** A list of states as a condition takes it, and its values. */
export function oneOf(states: readonly string[]) {
  const values = Object.fromEntries(states.map((state) => [`:is${state}`, state]));
  return { condition: `#state IN (${Object.keys(values).join(", ")})`, values };
}

/** A change as DynamoDB takes it, by itself or as a part of a transaction. */
function updateOf(table: DynamoTable, runId: string, change: RunChange): Update {
  const clauses = { ADD: change.add, SET: change.set, REMOVE: change.remove };
  const expression = Object.entries(clauses)
    .flatMap(([clause, what]) => (what === undefined ? [] : [`${clause} ${what}`]))
    .join(" ");
  // `state` is a word of DynamoDB's own. A name or value that no expression uses is an error.
  const used = expression.includes("#state") || change.condition.includes("#state");
  const names = { ...(used && { "#state": "state" }), ...change.names };
  return {
    TableName: table.name,
    Key: runKey(runId),
    UpdateExpression: expression,
    ConditionExpression: change.condition,
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
    ...(change.values && { ExpressionAttributeValues: { ...change.values } }),
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

/** A run's item; undefined when there is none. */
export async function readRunItem({ client, name }: DynamoTable, runId: string): Promise<unknown> {
  const read = new GetCommand({ TableName: name, Key: runKey(runId), ConsistentRead: true });
  return (await client.send(read)).Item;
}

/** Changes a run together with other items, or nothing. The run's own refusal is the one at place 0. */
export function changeRunWith(
  table: DynamoTable,
  runId: string,
  change: RunChange,
  others: readonly Write[],
): Promise<Transacted> {
  return transact(table, [{ Update: updateOf(table, runId, change) }, ...others]);
}

/**
 * Changes a run; where other items change with it, in one transaction, whose other writes can have no conditions. A run
 * that nothing changes with costs a single update.
 */
export async function changeRun(
  table: DynamoTable,
  runId: string,
  change: RunChange,
  others: readonly Write[] = [],
): Promise<RunWritten> {
  if (others.length > 0) {
    const written = await changeRunWith(table, runId, change, others);
    if (written.ok) return { ok: true, item: await readRunItem(table, runId) };
    return { ok: false, item: written.refusals.find(({ place }) => place === 0)?.item };
  }
  const update = { ...updateOf(table, runId, change), ReturnValues: "ALL_NEW" as const };
  const written = await amidTransactions(() => conditional(table.client.send(new UpdateCommand(update))));
  return written.ok ? { ok: true, item: written.output.Attributes } : { ok: false, item: written.current };
}
