import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { isOutage } from "./outage.ts";

const credentials = { accessKeyId: "a", secretAccessKey: "b" };
const failure = (client: DynamoDBClient) =>
  client.send(new ListTablesCommand({})).catch((error: unknown) => error);

describe("an outage", () => {
  it("is a service that can't be reached, as the SDK reports it", async () => {
    // Nothing listens on the discard port (RFC 863).
    const client = new DynamoDBClient({
      region: "eu-west-1",
      endpoint: "http://127.0.0.1:9",
      credentials,
      maxAttempts: 1,
    });
    expect(isOutage(await failure(client))).toBe(true);
  });

  it.each([
    [500, true],
    [503, true],
    [400, false],
    [403, false],
  ])("is a response with status %d: %s", async (statusCode, expected) => {
    const requestHandler = {
      handle: async () => ({ response: { statusCode, headers: {}, body: new Uint8Array() } }),
    };
    const client = new DynamoDBClient({ region: "eu-west-1", credentials, maxAttempts: 1, requestHandler });
    expect(isOutage(await failure(client))).toBe(expected);
  });

  it("is not a mistake in Millrace's own code", () => {
    expect([new TypeError("x is undefined"), "text", undefined, null].map(isOutage)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
