import { GetCommand, type TransactWriteCommandInput, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { runKey } from "./dynamo-keys.ts";
import { conditional, type DynamoTable } from "./dynamo-table.ts";
import { retryOnConflict, type Transacted, transact, type Write } from "./dynamo-transaction.ts";

/** A change of a run's item and its condition. `#state` is available without being declared. */
export type RunChange = {
  readonly add?: string;
  readonly set?: string;
  readonly remove?: string;
  readonly condition: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
};

/**
 * Whether a run was changed, and its item after the write; if the condition failed, the existing item, if there is one.
 */
export type RunWritten = { readonly ok: boolean; readonly item: unknown };

type Update = NonNullable<NonNullable<TransactWriteCommandInput["TransactItems"]>[number]["Update"]>;

/** A list of states in the form of a condition, and its values. */
export function oneOf(states: readonly string[]) {
  const values = Object.fromEntries(states.map((state) => [`:is${state}`, state]));
  return { condition: `#state IN (${Object.keys(values).join(", ")})`, values };
}

/** A change in DynamoDB's form, by itself or as part of a transaction. */
function updateOf(table: DynamoTable, runId: string, change: RunChange): Update {
  const clauses = { ADD: change.add, SET: change.set, REMOVE: change.remove };
  const expression = Object.entries(clauses)
    .flatMap(([clause, what]) => (what === undefined ? [] : [`${clause} ${what}`]))
    .join(" ");
  // `state` is a reserved word in DynamoDB. A name or value that no expression uses is an error.
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

/** Changes a run together with other items, or changes nothing. The run's own refusal is the one at place 0. */
export function changeRunWith(
  table: DynamoTable,
  runId: string,
  change: RunChange,
  others: readonly Write[],
): Promise<Transacted> {
  return transact(table, [{ Update: updateOf(table, runId, change) }, ...others]);
}

/**
 * Changes a run. If other items change with it, one transaction does so, and its other writes can't have conditions. A
 * change of the run alone costs a single update.
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
  const written = await retryOnConflict(() => conditional(table.client.send(new UpdateCommand(update))));
  return written.ok ? { ok: true, item: written.output.Attributes } : { ok: false, item: written.current };
}
