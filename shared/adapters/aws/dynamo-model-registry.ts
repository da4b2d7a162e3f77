import { GetCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { canonicalJson } from "../../pipeline/json.ts";
import { MillraceError } from "../../pipeline/millrace-error.ts";
import { type ModelVersion, modelVersion } from "../../pipeline/model.ts";
import { recordOf } from "../../pipeline/stored-record.ts";
import {
  type AliasMove,
  aliasMove,
  type ModelAlias,
  type ModelRegistry,
  modelAlias,
} from "../../ports/model-registry.ts";
import { isFirst } from "./dynamo-conditions.ts";
import {
  aliasKey,
  fieldsOf,
  modelListingKey,
  modelNumbersKey,
  modelPartition,
  modelSortKeys,
  modelsPartition,
  moveKey,
  moveKeyPrefix,
  sourceKey,
  versionKey,
} from "./dynamo-keys.ts";
import { take } from "./dynamo-query.ts";
import type { DynamoTable } from "./dynamo-table.ts";
import { transact } from "./dynamo-transaction.ts";

/** JSON stored as text: DynamoDB's own numbers and empty values differ from JSON's. */
const recordItem = z.object({ record: z.string().transform((text): unknown => JSON.parse(text)) });
const versionOf = (item: unknown): ModelVersion =>
  recordOf(modelVersion, recordItem.parse(item).record, "a version of a model");
const moveOf = (item: unknown): AliasMove =>
  recordOf(aliasMove, recordItem.parse(item).record, "a move of an alias");
const numberItem = z.object({ version: z.int().positive() });
/** An alias without the move count, which only the registry needs. */
function aliasOf(item: unknown): ModelAlias {
  const { moves: _moves, ...fields } = fieldsOf(item);
  return modelAlias.parse(fields);
}
const lastNumber = z.object({ last: z.int().nonnegative() }).default({ last: 0 });
const nameItem = z.object({ name: z.string() });

/**
 * Only the next move of an alias takes effect. A gate reads the log and decides for version 7, and a person rolls back.
 * The gate's move then has the number that the rollback took: it is refused, and the gate decides again.
 */
const isNextMove = "moves = :before";

/** DynamoDB allows 400 KB per item, including attribute names. */
const maxRecord = 380_000;

/** A version's record is larger than an item can hold. */
export class ModelRecordTooLargeError extends MillraceError {
  constructor({ name, version }: ModelVersion, bytes: number) {
    super(
      "MODEL_RECORD_TOO_LARGE",
      `the record of version ${version} of model ${name} has ${bytes} bytes; at most ${maxRecord} can be stored`,
    );
  }
}

/** Models in the table: a partition for each name, and one that lists the names. */
export function dynamoModelRegistry(table: DynamoTable): ModelRegistry {
  const { client, name: TableName } = table;
  const read = async (Key: object): Promise<unknown> =>
    (await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }))).Item;
  const list = (pk: string, prefix = "") =>
    take(table, {
      KeyConditionExpression: prefix === "" ? "pk = :pk" : "pk = :pk AND begins_with(sk, :prefix)",
      ExpressionAttributeValues: { ":pk": pk, ...(prefix !== "" && { ":prefix": prefix }) },
      ConsistentRead: true,
    });
  const getVersion = async (name: string, version: number) => {
    const item = await read(versionKey(name, version));
    return item === undefined ? undefined : versionOf(item);
  };

  return {
    async reserveVersion(name, source) {
      for (;;) {
        const known = await read(sourceKey(name, source));
        if (known !== undefined) return numberItem.parse(known).version;
        const { last } = lastNumber.parse(await read(modelNumbersKey(name)));
        const version = last + 1;
        const written = await transact(table, [
          {
            Put: {
              TableName,
              Item: { ...sourceKey(name, source), version },
              ConditionExpression: isFirst,
            },
          },
          {
            Update: {
              TableName,
              Key: modelNumbersKey(name),
              UpdateExpression: "SET #last = :version",
              ConditionExpression: last === 0 ? isFirst : "#last = :last",
              ExpressionAttributeNames: { "#last": "last" },
              ExpressionAttributeValues: { ":version": version, ...(last > 0 && { ":last": last }) },
            },
          },
        ]);
        // Another writer took the number, or reserved one for the same source. In each round, one of the competing
        // writers succeeds.
        if (written.ok) return version;
      }
    },

    async putVersion(version) {
      const record = JSON.stringify(version);
      const bytes = Buffer.byteLength(record);
      if (bytes > maxRecord) throw new ModelRecordTooLargeError(version, bytes);
      const { name } = version;
      const written = await transact(table, [
        {
          Put: {
            TableName,
            Item: { ...versionKey(name, version.version), record },
            ConditionExpression: isFirst,
          },
        },
        { Put: { TableName, Item: { ...modelListingKey(name), name } } },
      ]);
      if (written.ok) return version;
      return (await getVersion(name, version.version)) ?? version;
    },

    getVersion,

    async listVersions(name) {
      const items = await list(modelPartition(name), modelSortKeys.version);
      return items.map(versionOf).sort((a, b) => a.version - b.version);
    },

    async newestVersions(name, limit, below) {
      if (below !== undefined && below < 2) return [];
      const { pk, sk: first } = versionKey(name, 0);
      // A key range includes both of its ends.
      const last = below === undefined ? `${modelSortKeys.version}~` : versionKey(name, below - 1).sk;
      const query = {
        KeyConditionExpression: "pk = :pk AND sk BETWEEN :first AND :last",
        ExpressionAttributeValues: { ":pk": pk, ":first": first, ":last": last },
        ConsistentRead: true,
        ScanIndexForward: false,
        Limit: limit,
      };
      return (await take(table, query, limit)).map(versionOf);
    },

    async listNames() {
      return (await list(modelsPartition)).map((item) => nameItem.parse(item).name);
    },

    async getAlias(name, alias) {
      const item = await read(aliasKey(name, alias));
      return item === undefined ? undefined : aliasOf(item).version;
    },

    async listAliases(name) {
      const items = await list(modelPartition(name), modelSortKeys.alias);
      return items.map(aliasOf);
    },

    async moveAlias(move) {
      const { name, alias, number, to: version } = move;
      const record = JSON.stringify(move);
      const written = await transact(table, [
        {
          // An update, so that other stored attributes of the alias stay.
          Update: {
            TableName,
            Key: aliasKey(name, alias),
            UpdateExpression: "SET #alias = :alias, #version = :version, moves = :number",
            ConditionExpression: number === 1 ? isFirst : isNextMove,
            ExpressionAttributeNames: { "#alias": "alias", "#version": "version" },
            ExpressionAttributeValues: {
              ...{ ":alias": alias, ":version": version, ":number": number },
              ...(number > 1 && { ":before": number - 1 }),
            },
          },
        },
        {
          Put: {
            TableName,
            Item: { ...moveKey(name, alias, number), record },
            ConditionExpression: isFirst,
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          },
        },
      ]);
      if (written.ok) return true;
      const stored = written.refusals.find(({ place }) => place === 1)?.item;
      return stored !== undefined && isSameMove(moveOf(stored), move);
    },

    async listMoves(name, alias) {
      const items = await list(modelPartition(name), moveKeyPrefix(alias));
      return items.map(moveOf).sort((a, b) => a.number - b.number);
    },
  };
}

/** Whether a move is the one that is already stored: the same call, repeated. */
function isSameMove(stored: AliasMove, move: AliasMove): boolean {
  return canonicalJson(stored) === canonicalJson(move);
}
