import { GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { RunStore } from "../../ports/run-store.ts";
import type { Run } from "../../state/run.ts";
import { distinctLimits, limitNames } from "../../state/run-slots.ts";
import { type Slots, slotsRecord } from "../../state/slots.ts";
import { isInEpoch } from "./dynamo-conditions.ts";
import { dueTime, fieldsOf, placeInQueue, slotsKey, statePartition } from "./dynamo-keys.ts";
import { runOf } from "./dynamo-run-item.ts";
import { changeRunWith } from "./dynamo-run-write.ts";
import type { DynamoTable } from "./dynamo-table.ts";
import { retryOnConflict, type Write } from "./dynamo-transaction.ts";

/** The slots of an item; DynamoDB has no empty set. */
function slotsOf(item: unknown): Slots {
  return slotsRecord.parse({ holders: new Set(), ...(item !== undefined && fieldsOf(item)) });
}

/**
 * The write that adds a run to its work queue. It goes into the same transaction as the one that makes the run QUEUED.
 */
export function joinQueue({ name }: DynamoTable, run: Run): Write {
  return {
    Put: { TableName: name, Item: { ...placeInQueue(run), runId: run.runId, limits: limitNames(run) } },
  };
}

/**
 * The write that removes a run from its work queue. It goes into the same transaction as the one after which the run is
 * no longer QUEUED.
 */
export function leaveQueue({ name }: DynamoTable, run: Run): Write {
  return { Delete: { TableName: name, Key: placeInQueue(run) } };
}

/** The writes that free all slots of a run. They go into the same transaction as the one that ends it. */
export function freeSlots({ name }: DynamoTable, run: Run): Write[] {
  return distinctLimits(run).map((limit) => ({
    Update: {
      TableName: name,
      Key: slotsKey(limit.name),
      UpdateExpression: "DELETE holders :run",
      ExpressionAttributeValues: { ":run": new Set([run.runId]) },
    },
  }));
}

/** The writes that take a slot of each of a run's limits if one is free, or if the run already holds one. */
function takeSlots({ name }: DynamoTable, run: Run): Write[] {
  // An operator's limit overrides the run's own. DynamoDB has no empty set: if there are no holders, all slots are
  // free.
  const free = (limit: string) =>
    `(size(holders) < ${limit} OR (attribute_not_exists(holders) AND ${limit} > :none))`;
  return distinctLimits(run).map((limit) => ({
    Update: {
      TableName: name,
      Key: slotsKey(limit.name),
      UpdateExpression: "ADD holders :run",
      ConditionExpression:
        "contains(holders, :runId) OR " +
        `(attribute_exists(#limit) AND ${free("#limit")}) OR (attribute_not_exists(#limit) AND ${free(":limit")})`,
      ExpressionAttributeNames: { "#limit": "limit" },
      ExpressionAttributeValues: {
        ":run": new Set([run.runId]),
        ":runId": run.runId,
        ":limit": limit.limit,
        ":none": 0,
      },
    },
  }));
}

/** Slots of limits. A run's slots and its state change together or not at all, so no slot leaks. */
export function dynamoSlots(table: DynamoTable): Pick<RunStore, "admitRun" | "getSlots" | "setLimit"> {
  const { client, name } = table;
  return {
    async admitRun(run, activeSince, dueAt) {
      const { runId, epoch } = run;
      const change = {
        set: "#state = :running, activeSince = :since, gsi2pk = :listed, dueAt = :due",
        condition: `${isInEpoch} AND #state = :queued`,
        values: {
          ":epoch": epoch,
          ":queued": "QUEUED",
          ":running": "RUNNING",
          ":since": activeSince,
          ":listed": statePartition("RUNNING", runId),
          ":due": dueTime(dueAt),
        },
      };
      const others = [leaveQueue(table, run), ...takeSlots(table, run)];
      const written = await changeRunWith(table, runId, change, others);
      if (written.ok) return "admitted";
      const own = written.refusals.find(({ place }) => place === 0);
      if (own === undefined) {
        // The transaction's first two writes are those of the run and of its place. The others are its limits' writes.
        const names = limitNames(run);
        return { full: written.refusals.flatMap(({ place }) => names[place - 2] ?? []) };
      }
      const current = own.item === undefined ? undefined : runOf(own.item);
      const repeated =
        current?.epoch === epoch && current.state === "RUNNING" && current.activeSince === activeSince;
      return repeated ? "admitted" : "gone";
    },

    async getSlots(limit) {
      const read = new GetCommand({ TableName: name, Key: slotsKey(limit), ConsistentRead: true });
      return slotsOf((await client.send(read)).Item);
    },

    async setLimit(limit, slots) {
      const write = new UpdateCommand({
        TableName: name,
        Key: slotsKey(limit),
        UpdateExpression: slots === undefined ? "REMOVE #limit" : "SET #limit = :slots",
        ExpressionAttributeNames: { "#limit": "limit" },
        ...(slots !== undefined && { ExpressionAttributeValues: { ":slots": slots } }),
      });
      await retryOnConflict(() => client.send(write));
    },
  };
}
