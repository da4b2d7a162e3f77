import { randomBytes } from "node:crypto";
import { GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { FoundRecord, RunStore, Version } from "../../ports/run-store.ts";
import type { StepKey } from "../../state/step-record.ts";
import { waitingIn } from "../../state/waiting-approval.ts";
import { batchGet } from "./dynamo-batch-get.ts";
import { isFirst, isUnchangedVersion } from "./dynamo-conditions.ts";
import { approvalsPartition, runKey, stepKey, stepKeyPrefix } from "./dynamo-keys.ts";
import { take } from "./dynamo-query.ts";
import { stepItemOf, storedStepOf, versionOf } from "./dynamo-step-item.ts";
import { conditional, type DynamoTable } from "./dynamo-table.ts";

/** Distinguishes this write from every other write of the same record. 72 random bits in 12 characters. */
const freshVersion = (): Version => randomBytes(9).toString("base64url");

/** The key in an item of an index that holds only keys. */
const keyOf = z.object({ pk: z.string(), sk: z.string() });

/** Maximum number of items that one query of the waiting approvals reads. */
const maxListed = 1000;

/** Records of steps. */
export function dynamoSteps(
  table: DynamoTable,
): Pick<RunStore, "getStep" | "getSteps" | "listSteps" | "waitingApprovals" | "putStep"> {
  const { client, name } = table;

  const getSteps = async (keys: readonly StepKey[]): Promise<FoundRecord[]> => {
    const items = await batchGet(table, keys.map(stepKey));
    const found = new Map(
      items.map((item) => {
        const record = storedStepOf(item);
        return [JSON.stringify(stepKey(record)), record];
      }),
    );
    const wanted = new Set(keys.map((key) => JSON.stringify(stepKey(key))));
    return [...wanted].map((key) => found.get(key)).filter((record) => record !== undefined);
  };

  return {
    getSteps,

    async getStep(key) {
      const { Item: item } = await client.send(
        new GetCommand({ TableName: name, Key: stepKey(key), ConsistentRead: true }),
      );
      return item && storedStepOf(item);
    },

    async listSteps(runId, step) {
      const query = {
        KeyConditionExpression: "pk = :pk AND begins_with(sk, :steps)",
        ExpressionAttributeValues: { ":pk": runKey(runId).pk, ":steps": stepKeyPrefix(step) },
        ConsistentRead: true,
      };
      return (await take(table, query)).map(storedStepOf);
    },

    async waitingApprovals(limit) {
      const query = {
        IndexName: "due",
        KeyConditionExpression: "duePartition = :approvals",
        ExpressionAttributeValues: { ":approvals": approvalsPartition },
        Limit: Math.min(limit, maxListed),
      };
      const keys = (await take(table, query, limit)).map((item) => keyOf.parse(item));
      return waitingIn((await batchGet(table, keys)).map(storedStepOf)).slice(0, limit);
    },

    async putStep(next, previous) {
      const version = freshVersion();
      const item = stepItemOf(next, version);
      const write = new PutCommand({
        TableName: name,
        Item: item,
        ...(previous === undefined
          ? { ConditionExpression: isFirst }
          : {
              ConditionExpression: isUnchangedVersion,
              ExpressionAttributeValues: { ":previous": previous },
            }),
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
      const written = await conditional(client.send(write));
      // The SDK repeats a write whose answer was lost; the repetition then finds its own item.
      const mine = written.ok || (written.current !== undefined && versionOf(written.current) === version);
      if (mine) return { ok: true, record: { ...next, version } };
      return {
        ok: false,
        current: written.current === undefined ? undefined : storedStepOf(written.current),
      };
    },
  };
}
