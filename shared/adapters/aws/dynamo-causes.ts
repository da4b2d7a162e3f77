import { PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { RunStore } from "../../ports/run-store.ts";
import { isFirst } from "./dynamo-conditions.ts";
import { causeKey } from "./dynamo-keys.ts";
import { conditional, type DynamoTable } from "./dynamo-table.ts";

const causeItem = z.looseObject({ at: z.string() });

/** The times of the first events about causes of runs. */
export function dynamoCauses({ client, name }: DynamoTable): Pick<RunStore, "firstTimeOf"> {
  return {
    async firstTimeOf(pipeline, cause, at) {
      const write = new PutCommand({
        TableName: name,
        Item: { ...causeKey(pipeline, cause), at },
        ConditionExpression: isFirst,
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
      const written = await conditional(client.send(write));
      return written.ok ? at : causeItem.parse(written.current).at;
    },
  };
}
