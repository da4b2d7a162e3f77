import type { RunStore } from "../../ports/run-store.ts";
import type { Run } from "../../state/run.ts";
import { runKey, tagKey } from "./dynamo-keys.ts";
import { runOf } from "./dynamo-run-item.ts";
import type { DynamoTable } from "./dynamo-table.ts";
import { transact, type Write } from "./dynamo-transaction.ts";

/** The writes that change a run's tags. They go into the same transaction as the change of the run's own set. */
export function tagChanges(
  { name }: DynamoTable,
  run: Run,
  before: readonly string[],
  after: readonly string[],
): Write[] {
  const { pipeline } = run;
  return [
    ...after
      .filter((tag) => !before.includes(tag))
      .map((tag) => ({ Put: { TableName: name, Item: { ...tagKey(tag, run), pipeline } } })),
    ...before
      .filter((tag) => !after.includes(tag))
      .map((tag) => ({ Delete: { TableName: name, Key: tagKey(tag, run) } })),
  ];
}

/** Tags of runs: a set in the run, and an item for each tag to find the run by. A run without tags has neither. */
export function dynamoTags(table: DynamoTable): Pick<RunStore, "tagRun"> {
  return {
    async tagRun(run, tags) {
      const before = run.tags.length > 0 ? "tags = :before" : "attribute_not_exists(tags)";
      const update = {
        TableName: table.name,
        Key: runKey(run.runId),
        UpdateExpression: tags.length > 0 ? "SET tags = :tags" : "REMOVE tags",
        ConditionExpression: `attribute_exists(pk) AND ${before}`,
        ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
        ...((tags.length > 0 || run.tags.length > 0) && {
          ExpressionAttributeValues: {
            ...(tags.length > 0 && { ":tags": new Set(tags) }),
            ...(run.tags.length > 0 && { ":before": new Set(run.tags) }),
          },
        }),
      };
      const written = await transact(table, [{ Update: update }, ...tagChanges(table, run, run.tags, tags)]);
      if (written.ok) return true;
      const current = written.refusals.find(({ place }) => place === 0)?.item;
      return current !== undefined && runOf(current).tags.join() === tags.join();
    },
  };
}
