import { GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import type { Publications } from "../../ports/publications.ts";
import { type Publication, publication } from "../../state/publication.ts";
import { isFirst } from "./dynamo-conditions.ts";
import { fieldsOf, publicationKey } from "./dynamo-keys.ts";
import { conditional, type DynamoTable } from "./dynamo-table.ts";

/** As `isOlder` decides, in DynamoDB's words. A missing attribute makes a comparison false. */
const sameKey = "origin.#uri = :uri AND attribute_exists(origin.#sequence)";
const isNoOlder = {
  versions: `(${sameKey} AND origin.#sequence <= :sequence) OR (NOT (${sameKey}) AND origin.#at <= :at)`,
  times: "origin.#at <= :at",
} as const;

const publicationOf = (item: unknown): Publication => publication.parse(fieldsOf(item));

/** Publications in the table. */
export function dynamoPublications({ client, name }: DynamoTable): Publications {
  return {
    async record(next) {
      const { at, uri, sequence } = next.origin;
      const ofVersion = uri !== undefined && sequence !== undefined;
      const write = new PutCommand({
        TableName: name,
        Item: { ...publicationKey(next.key), ...next },
        ConditionExpression: `${isFirst} OR ${ofVersion ? isNoOlder.versions : isNoOlder.times}`,
        ExpressionAttributeNames: {
          "#at": "at",
          ...(ofVersion && { "#uri": "uri", "#sequence": "sequence" }),
        },
        ExpressionAttributeValues: { ":at": at, ...(ofVersion && { ":uri": uri, ":sequence": sequence }) },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
      const written = await conditional(client.send(write));
      return written.ok ? next : publicationOf(written.current);
    },

    async get(key) {
      const { Item: item } = await client.send(
        new GetCommand({ TableName: name, Key: publicationKey(key), ConsistentRead: true }),
      );
      return item && publicationOf(item);
    },
  };
}
