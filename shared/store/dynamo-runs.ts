import { GetCommand, PutCommand, UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { duePartition, dueTime, runKey, statePartition } from "./dynamo-keys.ts";
import { dueOf, newRunItem, runOf } from "./dynamo-run-item.ts";
import { conditional, type DynamoTable } from "./dynamo-table.ts";
import type { RunStore } from "./run-store.ts";

type Update = Pick<
  UpdateCommandInput,
  "UpdateExpression" | "ConditionExpression" | "ExpressionAttributeValues" | "ExpressionAttributeNames"
>;

/** Runs themselves. Only what changes a run's state, and deferring its next look, touches an index. */
export function dynamoRuns({
  client,
  name,
}: DynamoTable): Pick<
  RunStore,
  "createRun" | "getRun" | "joinRun" | "requestCancel" | "endRun" | "reopenRun" | "deferRun"
> {
  /** The item after an update whose condition holds; otherwise the item that the condition met. */
  const update = async (runId: string, change: Update) => {
    const write = new UpdateCommand({
      TableName: name,
      Key: runKey(runId),
      ...change,
      // `state` is a word of DynamoDB's own.
      ExpressionAttributeNames: { "#state": "state", ...change.ExpressionAttributeNames },
      ReturnValues: "ALL_NEW",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    const written = await conditional(client.send(write));
    return written.ok
      ? { ok: true, item: written.output.Attributes as unknown }
      : { ok: false, item: written.current };
  };

  return {
    async createRun(run, dueAt) {
      const write = new PutCommand({
        TableName: name,
        Item: newRunItem(run, dueAt),
        ConditionExpression: "attribute_not_exists(pk)",
      });
      return (await conditional(client.send(write))).ok ? "created" : "exists";
    },

    async getRun(runId) {
      const { Item: item } = await client.send(
        new GetCommand({ TableName: name, Key: runKey(runId), ConsistentRead: true }),
      );
      return item && runOf(item);
    },

    async joinRun(runId, epoch, step, outcome, error) {
      const { ok, item } = await update(runId, {
        UpdateExpression: `ADD #outcome :step${error ? " SET #error = if_not_exists(#error, :error)" : ""}`,
        ConditionExpression: "epoch = :epoch AND #state IN (:running, :cancelling)",
        ExpressionAttributeNames: { "#outcome": outcome, ...(error && { "#error": "error" }) },
        ExpressionAttributeValues: {
          ":step": new Set([step]),
          ":epoch": epoch,
          ":running": "RUNNING",
          ":cancelling": "CANCELLING",
          ...(error && { ":error": error }),
        },
      });
      return ok ? runOf(item) : undefined;
    },

    async requestCancel(runId, dueAt) {
      const { item } = await update(runId, {
        UpdateExpression: "SET #state = :cancelling, gsi2pk = :listed, dueAt = :due",
        ConditionExpression: "#state = :running",
        ExpressionAttributeValues: {
          ":running": "RUNNING",
          ":cancelling": "CANCELLING",
          ":listed": statePartition("CANCELLING", runId),
          ":due": dueTime(dueAt),
        },
      });
      return item === undefined ? undefined : runOf(item);
    },

    async endRun(runId, epoch, from, to, endedAt) {
      const { ok, item } = await update(runId, {
        UpdateExpression: "SET #state = :to, endedAt = :endedAt, gsi2pk = :listed REMOVE duePartition, dueAt",
        ConditionExpression: "epoch = :epoch AND #state = :from",
        ExpressionAttributeValues: {
          ":epoch": epoch,
          ":from": from,
          ":to": to,
          ":endedAt": endedAt,
          ":listed": statePartition(to, runId),
        },
      });
      if (ok || item === undefined) return ok;
      const run = runOf(item);
      return run.epoch === epoch && run.state === to && run.endedAt === endedAt;
    },

    async reopenRun(runId, epoch, dueAt) {
      const { ok, item } = await update(runId, {
        UpdateExpression:
          "SET #state = :running, epoch = :next, gsi2pk = :listed, duePartition = :partition, dueAt = :due " +
          "REMOVE failed, #error, endedAt",
        ConditionExpression: "epoch = :epoch AND #state IN (:failed, :cancelled)",
        ExpressionAttributeNames: { "#error": "error" },
        ExpressionAttributeValues: {
          ":epoch": epoch,
          ":next": epoch + 1,
          ":failed": "FAILED",
          ":cancelled": "CANCELLED",
          ":running": "RUNNING",
          ":listed": statePartition("RUNNING", runId),
          ":partition": duePartition(runId),
          ":due": dueTime(dueAt),
        },
      });
      if (item === undefined) return undefined;
      const run = runOf(item);
      const repeated =
        run.epoch === epoch + 1 && run.state === "RUNNING" && dueOf(item).dueAt === dueTime(dueAt);
      return ok || repeated ? run : undefined;
    },

    async deferRun(runId, dueAt) {
      await update(runId, {
        UpdateExpression: "SET dueAt = :due",
        ConditionExpression: "#state IN (:running, :cancelling)",
        ExpressionAttributeValues: {
          ":due": dueTime(dueAt),
          ":running": "RUNNING",
          ":cancelling": "CANCELLING",
        },
      });
    },
  };
}
