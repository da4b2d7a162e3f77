import { once } from "node:events";
import { createServer } from "node:http";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import * as z from "zod";
import { type Item, itemBytes } from "./item-size.ts";

// The emulator goes through a whole partition for each page of a query, so a partition of 40,000 large items takes it
// many minutes. This server answers the few calls of a sweep at once, in DynamoDB's format and page size.

/** DynamoDB reads this many bytes for one page, before it leaves out attributes (Developer Guide, "Query"). */
const pageBytes = 1024 * 1024;

const key = z.looseObject({ S: z.string() });
const request = z.looseObject({
  Key: z.looseObject({ sk: key }).optional(),
  KeyConditionExpression: z.string().optional(),
  ExpressionAttributeValues: z.record(z.string(), z.looseObject({ S: z.string().optional() })).default({}),
  ExpressionAttributeNames: z.record(z.string(), z.string()).default({}),
  ProjectionExpression: z.string().optional(),
  ExclusiveStartKey: z.looseObject({ sk: key }).optional(),
});
type Request = z.infer<typeof request>;
type Stored = {
  readonly pk: AttributeValue;
  readonly sk: string;
  readonly item: Item;
  readonly bytes: number;
};

/** An item with only the attributes that a query asks for. */
function projected(item: Item, { ProjectionExpression: asked, ExpressionAttributeNames: names }: Request) {
  if (asked === undefined) return item;
  const wanted = new Set(asked.split(", ").map((path) => names[path.split(".")[0] ?? ""] ?? path));
  return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name)));
}

function page(items: readonly Stored[], asked: Request) {
  const { ":steps": prefix } = asked.ExpressionAttributeValues;
  const after = asked.ExclusiveStartKey?.sk.S ?? "";
  const found: unknown[] = [];
  let bytes = 0;
  for (const { pk, sk, item, bytes: size } of items) {
    if (!sk.startsWith(prefix?.S ?? "") || sk <= after) continue;
    found.push(projected(item, asked));
    bytes += size;
    if (bytes >= pageBytes) return { Items: found, LastEvaluatedKey: { pk, sk: { S: sk } } };
  }
  return { Items: found };
}

/** Serves the items of one partition on loopback, for reads. Writes are accepted and have no effect. */
export async function servePartition(
  items: readonly object[],
): Promise<{ readonly endpoint: string; stop(): Promise<void> }> {
  const stored = items
    .map((each): Stored => {
      const item = marshall(each, { removeUndefinedValues: true });
      return { pk: item.pk ?? { S: "" }, sk: item.sk?.S ?? "", item, bytes: itemBytes(item) };
    })
    .sort((a, b) => (a.sk < b.sk ? -1 : 1));
  const bySortKey = new Map(stored.map((each) => [each.sk, each.item]));
  const answers: Readonly<Record<string, (asked: Request) => object>> = {
    Query: (asked) => page(stored, asked),
    GetItem: ({ Key }) => ({ Item: bySortKey.get(Key?.sk.S ?? "") }),
    UpdateItem: () => ({}),
  };
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const operation = String(incoming.headers["x-amz-target"]).split(".")[1] ?? "";
      const answer = answers[operation];
      outgoing.writeHead(answer === undefined ? 501 : 200, { "content-type": "application/x-amz-json-1.0" });
      const asked = request.parse(JSON.parse(Buffer.concat(parts).toString()));
      outgoing.end(JSON.stringify(answer?.(asked) ?? { message: `${operation} is not served` }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
