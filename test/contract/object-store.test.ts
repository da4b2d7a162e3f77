import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type CopyObjectCommandOutput,
  CreateBucketCommand,
  GetObjectTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectTaggingCommand,
  S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { s3ObjectStore } from "../../shared/adapters/aws/s3-object-store.ts";
import { MemoryObjectStore } from "../../shared/adapters/memory/memory-object-store.ts";
import { type Ministack, startTestMinistack } from "../ministack.ts";
import { objectStoreContract } from "./object-store.contract.ts";

describe("object store in memory", () => objectStoreContract(async () => new MemoryObjectStore()));

describe("object store in S3", () => {
  let ministack: Ministack;
  let client: S3Client;
  let buckets = 0;
  beforeAll(async () => {
    ministack = await startTestMinistack();
    client = new S3Client({ ...ministack.client, forcePathStyle: true });
  });
  afterAll(async () => {
    client.destroy();
    await ministack.stop();
  });
  const newStore = async (backoff = { tries: 4, first: 0, max: 0 }) => {
    buckets += 1;
    const bucket = `data-${buckets}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    await client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
    return s3ObjectStore(client, bucket, backoff);
  };

  objectStoreContract(newStore);

  test("a missing bucket is an error, not a missing object", async () => {
    const store = await newStore();
    await expect(store.get("s3://no-such-bucket/key")).rejects.toMatchObject({ name: "NoSuchBucket" });
  });

  test("a copy doesn't get its source's tags, which a lifecycle rule would expire it by", async () => {
    const store = await newStore();
    const [from, to] = [store.locate("runs/a"), store.locate("models/a")];
    await store.put(from, "a", "text/plain");
    const Bucket = from.slice("s3://".length).split("/")[0];
    const Tagging = { TagSet: [{ Key: "temporary", Value: "true" }] };
    await client.send(new PutObjectTaggingCommand({ Bucket, Key: "runs/a", Tagging }));
    await store.copy({ uri: from }, to);
    const tags = async (Key: string) =>
      (await client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
    expect([await tags("runs/a"), await tags("models/a")]).toEqual([Tagging.TagSet, []]);
  });

  test("a copy's checksum comes from S3, and no content is read", async () => {
    const store = await newStore();
    const calls: (string | undefined)[] = [];
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          calls.push(commandName);
          const answer = await next(args);
          const output = answer.output as CopyObjectCommandOutput;
          if (commandName === "CopyObjectCommand")
            output.CopyObjectResult = {
              ChecksumSHA256: Buffer.from("ab".repeat(32), "hex").toString("base64"),
            };
          return answer;
        },
      { step: "initialize", name: "checksum" },
    );
    try {
      await store.put(store.locate("a"), "a", "text/plain");
      const copy = await store.copy({ uri: store.locate("a") }, store.locate("b"));
      expect(copy?.sha256).toBe("ab".repeat(32));
      expect(calls).toEqual(["PutObjectCommand", "CopyObjectCommand"]);
    } finally {
      client.middlewareStack.remove("checksum");
    }
  });

  /** Answers puts with "another conditional write is under way", as S3 sometimes does. */
  const conflictFor = (times: number) => {
    let calls = 0;
    client.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName !== "PutObjectCommand") return next(args);
        calls += 1;
        if (calls > times) return next(args);
        throw new S3ServiceException({
          name: "ConditionalRequestConflict",
          $fault: "client",
          $metadata: { httpStatusCode: 409 },
        });
      },
      { step: "initialize", name: "conflict" },
    );
    return { calls: () => calls, end: () => client.middlewareStack.remove("conflict") };
  };
  test("a conditional write that conflicts with another one is repeated", async () => {
    const store = await newStore();
    const conflicts = conflictFor(2);
    try {
      expect(await store.putIfAbsent(store.locate("a"), "a", "text/plain")).toBe(true);
      expect(conflicts.calls()).toBe(3);
    } finally {
      conflicts.end();
    }
  });

  test("endless conflicts are an error", async () => {
    const store = await newStore();
    const conflicts = conflictFor(Number.POSITIVE_INFINITY);
    try {
      const write = store.putIfAbsent(store.locate("a"), "a", "text/plain");
      await expect(write).rejects.toMatchObject({ name: "ConditionalRequestConflict" });
      expect(conflicts.calls()).toBe(4);
    } finally {
      conflicts.end();
    }
  });

  /** A store whose server breaks off in the middle of an object, `times` times. */
  const breaking = async (times: number) => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.writeHead(200, { "content-length": "5" });
      if (asked > times) response.end("whole");
      else response.write("who", () => response.destroy());
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}`;
    const s3 = new S3Client({ ...ministack.client, endpoint, forcePathStyle: true });
    return {
      store: s3ObjectStore(s3, "data", { tries: 4, first: 0, max: 0 }),
      asked: () => asked,
      async [Symbol.asyncDispose]() {
        s3.destroy();
        await new Promise((done) => server.close(done));
      },
    };
  };
  test("a read with a broken connection is repeated", async () => {
    await using server = await breaking(2);
    expect(Buffer.from((await server.store.get("s3://data/a")) ?? "").toString()).toBe("whole");
    expect(server.asked()).toBe(3);
  });

  test("endless broken connections are an error", async () => {
    await using server = await breaking(Number.POSITIVE_INFINITY);
    await expect(server.store.get("s3://data/a")).rejects.toThrow("aborted");
    expect(server.asked()).toBe(4);
  });
});
