import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { cloudWatchLogReader } from "../../shared/adapters/aws/cloudwatch-log-reader.ts";
import { MemoryLogReader } from "../../shared/adapters/memory/memory-log-reader.ts";
import { fileLogReader } from "../../shared/adapters/node/file-log-reader.ts";
import { type Ministack, startTestMinistack } from "../ministack.ts";
import { logSearchContract, logTailContract } from "./log-reader.contract.ts";

const groups = ["/aws/lambda/millrace-test-step", "/aws/lambda/millrace-test-step-large"];

describe("logs in memory", () => {
  logTailContract(async () => {
    const reader = new MemoryLogReader();
    return {
      reader,
      async write(name, lines) {
        const log = `/aws/batch/test:${name}`;
        reader.write(
          log,
          lines.map((text) => ({ text })),
        );
        return log;
      },
    };
  });
  logSearchContract(async () => {
    const reader = new MemoryLogReader();
    return {
      ...{ reader, groups },
      async write(group, lines) {
        reader.write(
          `${group}:stream`,
          lines.map(([at, text]) => ({ at, text })),
        );
      },
    };
  });
});

describe("logs in files", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "millrace-logs-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = async (name: string, lines: readonly string[]) => {
    mkdirSync(path.join(folder, name), { recursive: true });
    writeFileSync(path.join(folder, name, "log"), lines.map((line) => `${line}\n`).join(""));
    return `/aws/batch/test:job/${name}`;
  };

  logTailContract(async () => ({ reader: fileLogReader(folder), write }));

  test("the log of a call is the file of its request", async () => {
    await write("request-1", ["a line"]);
    expect(await fileLogReader(folder).tail("/aws/lambda/test:stream#request-1", 10)).toEqual([
      { text: "a line" },
    ]);
  });

  test("of a large file only the end is read, from the begin of a line", async () => {
    const log = await write(
      "large",
      Array.from({ length: 5000 }, (_, line) => `${line} ${"x".repeat(100)}`),
    );
    const lines = await fileLogReader(folder).tail(log, 10_000);
    expect(lines.length).toBeLessThan(3000);
    expect(lines[0]?.text).toMatch(/^\d+ x{100}$/);
    expect(lines.at(-1)?.text).toMatch(/^4999 /);
  });
});

describe("logs in CloudWatch", () => {
  let ministack: Ministack;
  let client: CloudWatchLogsClient;
  let named = 0;
  beforeAll(async () => {
    ministack = await startTestMinistack();
    client = new CloudWatchLogsClient(ministack.client);
  });
  afterAll(async () => {
    client.destroy();
    await ministack.stop();
  });

  async function put(group: string, stream: string, lines: readonly (readonly [at: number, text: string])[]) {
    await client.send(new CreateLogGroupCommand({ logGroupName: group })).catch((error: Error) => {
      if (error.name !== "ResourceAlreadyExistsException") throw error;
    });
    await client.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName: stream }));
    const logEvents = lines.map(([timestamp, message]) => ({ timestamp, message }));
    await client.send(new PutLogEventsCommand({ logGroupName: group, logStreamName: stream, logEvents }));
  }

  logTailContract(async () => {
    named += 1;
    const group = `/aws/batch/test-${named}`;
    return {
      reader: cloudWatchLogReader(client, []),
      async write(name, lines) {
        const now = Date.now();
        await put(
          group,
          `job/${name}`,
          lines.map((text, place) => [now + place, text]),
        );
        return `${group}:job/${name}`;
      },
    };
  });
  test("of a stream that many calls write to, the lines of one call are read", async () => {
    const now = Date.now();
    const call = (request: string) => [
      `START RequestId: ${request} Version: $LATEST`,
      `line 1 of ${request}`,
      `line 2 of ${request}`,
      `END RequestId: ${request}`,
      `REPORT RequestId: ${request}`,
    ];
    const lines = ["a", "b"].flatMap(call).concat(call("c").slice(0, 2));
    const group = "/aws/lambda/calls";
    await put(
      group,
      "2021/01/01/[$LATEST]x",
      lines.map((text, place) => [now + place, text]),
    );
    const reader = cloudWatchLogReader(client, []);
    const read = async (request: string, limit = 10) =>
      (await reader.tail(`${group}:2021/01/01/[$LATEST]x#${request}`, limit)).map(({ text }) => text);
    expect(await read("a")).toEqual(["line 1 of a", "line 2 of a"]);
    expect(await read("b", 1)).toEqual(["line 2 of b"]);
    expect(await read("c")).toEqual(["line 1 of c"]);
    expect(await read("d")).toEqual([]);
  });

  logSearchContract(async () => {
    named += 1;
    const own = groups.map((group) => `${group}-${named}`);
    return {
      ...{ reader: cloudWatchLogReader(client, own), groups: own },
      write: (group, lines) => put(group, "stream", lines),
    };
  });
});
