import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { type DynamoTable, dynamoClient } from "../../shared/adapters/aws/dynamo-table.ts";
import { type Ministack, startTestMinistack } from "../ministack.ts";
import { createRunTable } from "../run-table.ts";

/** A MiniStack for one test file, and new tables in it. Call it within `describe`. */
export function dynamoTables(): () => Promise<DynamoTable> {
  let ministack: Ministack;
  const clients: DynamoDBDocumentClient[] = [];
  beforeAll(async () => {
    ministack = await startTestMinistack();
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await ministack.stop();
  });
  return async () => {
    // A separate client, so that a test may add middleware. A thousand calls at once wait longer for each other here
    // than on AWS.
    const client = dynamoClient({ ...ministack.client, requestHandler: { requestTimeout: 60_000 } });
    clients.push(client);
    const name = `runs-${clients.length}`;
    await createRunTable(client, name);
    return { client, name };
  };
}
