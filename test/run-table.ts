import { CreateTableCommand, type DynamoDBClient, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { runSummary } from "../shared/state/run.ts";

const text = (name: string) => ({ AttributeName: name, AttributeType: "S" as const });
const keys = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: "HASH" as const },
  { AttributeName: range, KeyType: "RANGE" as const },
];
/** What lists show of a run. Its id is part of its key. */
export const listed = Object.keys(runSummary.shape).filter((name) => name !== "runId");

/** Creates the table of runs with the keys, indexes and expiry of `resources/storage.yml`. */
export async function createRunTable(client: Pick<DynamoDBClient, "send">, name: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: keys("pk", "sk"),
      AttributeDefinitions: [
        ...["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk", "day", "duePartition", "dueAt"].map(text),
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "runs-by-pipeline",
          KeySchema: keys("gsi1pk", "gsi1sk"),
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: listed },
        },
        {
          IndexName: "runs-by-state",
          KeySchema: keys("gsi2pk", "gsi2sk"),
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: listed },
        },
        {
          IndexName: "runs-by-day",
          KeySchema: keys("day", "gsi1sk"),
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
        {
          IndexName: "due",
          KeySchema: keys("duePartition", "dueAt"),
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
    }),
  );
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: name,
      TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
    }),
  );
}
