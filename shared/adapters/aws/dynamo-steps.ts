import { randomBytes } from "node:crypto";
import { GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { shardSize } from "../../objects/layout.ts";
import type { FoundRecord, RunStore, StepsPlace, Version } from "../../ports/run-store.ts";
import type { StepKey } from "../../state/step-record.ts";
import { waitingIn } from "../../state/waiting-approval.ts";
import { batchGet } from "./dynamo-batch-get.ts";
import { isFirst, isUnchangedVersion } from "./dynamo-conditions.ts";
import { approvalsPartition, runKey, stepKey, stepKeyPrefix } from "./dynamo-keys.ts";
import { type Query, queryOnce, take } from "./dynamo-query.ts";
import { outlined, outlineOf, stepItemOf, storedStepOf, versionOf } from "./dynamo-step-item.ts";
import { conditional, type DynamoTable } from "./dynamo-table.ts";

/** Distinguishes this write from every other write of the same record. 72 random bits in 12 characters. */
const freshVersion = (): Version => randomBytes(9).toString("base64url");

/** The key in an item of an index that holds only keys. */
const keyOf = z.object({ pk: z.string(), sk: z.string() });

/** Maximum number of items that one query of the waiting approvals reads. */
const maxListed = 1000;

/** A query for the records of a run, of one step, or of the children in one shard. */
function ofSteps(runId: string, { step, shard }: StepsPlace, from?: string): Query {
  const { pk } = runKey(runId);
  const common = {
    ConsistentRead: true,
    ...(from !== undefined && { ExclusiveStartKey: { pk, sk: from } }),
  };
  if (step === undefined || shard === undefined) {
    return {
      ...common,
      KeyConditionExpression: "pk = :pk AND begins_with(sk, :steps)",
      ExpressionAttributeValues: { ":pk": pk, ":steps": stepKeyPrefix(step) },
    };
  }
  const first = stepKey({ runId, step, index: shard * shardSize });
  const last = stepKey({ runId, step, index: (shard + 1) * shardSize - 1 });
  return {
    ...common,
    KeyConditionExpression: "pk = :pk AND sk BETWEEN :first AND :last",
    ExpressionAttributeValues: { ":pk": pk, ":first": first.sk, ":last": last.sk },
  };
}

const lastKey = z.looseObject({ sk: z.string() });

/** Where the next page starts, from the key that a query reached. */
function nextOf(last: unknown): { next?: string } {
  return last === undefined ? {} : { next: lastKey.parse(last).sk };
}

/** Records of steps. */
export function dynamoSteps(
  table: DynamoTable,
): Pick<
  RunStore,
  "getStep" | "getSteps" | "listSteps" | "outlineSteps" | "openSteps" | "waitingApprovals" | "putStep"
> {
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
      const query = ofSteps(runId, { ...(step !== undefined && { step }) });
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

    async outlineSteps(runId, step, from) {
      const query = { ...ofSteps(runId, { ...(step !== undefined && { step }) }, from), ...outlined };
      const { items, last } = await queryOnce(table, query);
      return { records: items.map(outlineOf), ...nextOf(last) };
    },

    async openSteps(runId, place, from) {
      const query = { ...ofSteps(runId, place, from), FilterExpression: "attribute_not_exists(endedAt)" };
      const { items, last } = await queryOnce(table, query);
      return { records: items.map(storedStepOf), ...nextOf(last) };
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
