import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  BatchClient,
  DescribeJobDefinitionsCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
} from "@aws-sdk/client-batch";
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { until } from "../batch/testing/until.ts";
import { processesWith } from "../process/alive.mjs";
import { copyService, jobsOf } from "./deploy-catalogue.ts";
import { NODE_BIN, REPOSITORY, statePaths, VENV } from "./paths.ts";
import { isFree } from "./ports.ts";
import { readRecord, writeRecord } from "./record.ts";
import { attachStack, type Stack, startStack, stopStack } from "./stack.ts";
import { createFunction, createRule } from "./testing/deployed-function.ts";

let stateDir: string;
let stack: Stack;
beforeEach(async () => {
  stateDir = mkdtempSync(path.join(tmpdir(), "millrace-stack-"));
  stack = await startStack({ stateDir, vcpus: 2 });
});
afterEach(async () => {
  await stopStack(stateDir);
  rmSync(stateDir, { recursive: true, force: true });
});

function clients({ awsEndpoint, batchEndpoint, region }: Stack) {
  const common = { region, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
  return {
    sqs: new SQSClient({ ...common, endpoint: awsEndpoint }),
    dynamodb: new DynamoDBClient({ ...common, endpoint: awsEndpoint }),
    s3: new S3Client({ ...common, endpoint: awsEndpoint, forcePathStyle: true }),
    batch: new BatchClient({ ...common, endpoint: batchEndpoint }),
  };
}

async function createQueue(
  sqs: SQSClient,
  name: string,
  visibility = 0,
): Promise<{ url: string; arn: string }> {
  const Attributes = { VisibilityTimeout: String(visibility) };
  const { QueueUrl: url = "" } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
  const { Attributes: found } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }),
  );
  return { url, arn: found?.QueueArn ?? "" };
}

async function bodies(sqs: SQSClient, url: string): Promise<string[]> {
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }));
  return (Messages ?? []).map((message) => message.Body ?? "").sort();
}

async function snapshot(): Promise<void> {
  const response = await fetch(new URL("/_local/snapshot", stack.awsEndpoint), { method: "POST" });
  expect(response.status).toBe(200);
}

/** The processes that use the state folder. */
const processes = () => processesWith(stateDir);

describe("a stack", () => {
  it("is found by its state folder, and doesn't start twice on it", async () => {
    expect(attachStack(stateDir)?.env).toEqual(stack.env);
    await expect(startStack({ stateDir })).rejects.toThrow("runs on");
  });

  it("stopped leaves no process, port or temporary folder, and keeps its ports for the next start", async () => {
    // A function whose worker has an open timer would outlive its server.
    await createFunction(stack, "restless", "setInterval(() => {}, 1000); exports.handler = async () => 1;");
    expect(await stack.invoke("restless", {})).toEqual({ ok: true, payload: 1 });
    const ports = readRecord(stateDir)?.ports;
    expect(processes().length).toBeGreaterThan(2);
    await stack.stop();
    expect(processes()).toEqual([]);
    expect(await Promise.all([isFree(ports?.aws ?? 0), isFree(ports?.batch ?? 0)])).toEqual([true, true]);
    expect(existsSync(statePaths(stateDir).temporary)).toBe(false);
    expect(attachStack(stateDir)).toBeUndefined();
    await stack.restart();
    expect(readRecord(stateDir)?.ports).toEqual(ports);
    expect(await stack.invoke("restless", {})).toEqual({ ok: true, payload: 1 });
  });

  it("whose processes are gone starts again, even if other processes have their pids", async () => {
    await stack.stop();
    const record = readRecord(stateDir);
    if (record === undefined) throw new Error("no record");
    writeRecord(stateDir, { ...record, pids: { ministack: process.pid, batch: process.ppid } });
    expect(attachStack(stateDir)).toBeUndefined();
    stack = await startStack({ stateDir });
    expect(attachStack(stateDir)).toBeDefined();
  });

  it("with one crashed server starts again as a whole", async () => {
    process.kill(readRecord(stateDir)?.pids?.batch ?? 0, "SIGKILL");
    await until("the crash is seen", () => attachStack(stateDir) === undefined);
    stack = await startStack({ stateDir });
    expect((await fetch(`${stack.batchEndpoint}/_local/health`)).status).toBe(200);
  });

  it("that can't start leaves nothing running", async () => {
    await stack.stop();
    // The Batch server can't open its state. MiniStack could start, and must not be left running alone.
    writeFileSync(
      path.join(statePaths(stateDir).batchState, "batch.sqlite"),
      "not a database, and long enough to tell",
    );
    await expect(stack.restart()).rejects.toThrow("The local Batch server ended while starting");
    expect(processes()).toEqual([]);
  });

  it("whose owner was killed is no longer found, and the next one replaces it", async () => {
    const record = readRecord(stateDir);
    if (record?.owner === undefined) throw new Error("no owner");
    const before = processes();
    // As if this process were another one that has ended.
    writeRecord(stateDir, { ...record, owner: { ...record.owner, started: "before the restart" } });
    expect(attachStack(stateDir)).toBeUndefined();
    stack = await startStack({ stateDir });
    expect(processes().filter((pid) => before.includes(pid))).toEqual([]);
    expect(attachStack(stateDir)).toBeDefined();
  });

  it("whose port another program took reports that", async () => {
    const other = mkdtempSync(path.join(tmpdir(), "millrace-stack-"));
    const ports = readRecord(stateDir)?.ports ?? { aws: 0, batch: 0 };
    await expect(startStack({ stateDir: other, ports })).rejects.toThrow(
      `port ${ports.aws} of the stack is taken`,
    );
    rmSync(other, { recursive: true });
  });
});

describe("a stack that another process started", () => {
  /** Starts a stack in its own process, with a function and a job that keep working. */
  async function startedBy(options: string): Promise<ChildProcess> {
    await stack.stop();
    const script = `
      import { startStack } from ${JSON.stringify(path.join(REPOSITORY, "local/stack/stack.ts"))};
      await startStack({ stateDir: ${JSON.stringify(stateDir)}, ${options} });
      console.log("started");
      setInterval(() => {}, 1000);`;
    const flags = ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--input-type=module", "--eval", script];
    const owner = spawn(path.join(NODE_BIN, "node"), flags, { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => owner.stdout?.once("data", resolve));
    const attached = attachStack(stateDir);
    if (attached === undefined) throw new Error("no stack");
    await createFunction(
      attached,
      "restless",
      "setInterval(() => {}, 1000); exports.handler = async () => 1;",
    );
    expect(await attached.invoke("restless", {})).toEqual({ ok: true, payload: 1 });
    const { batch } = clients(attached);
    await batch.send(
      new RegisterJobDefinitionCommand({
        jobDefinitionName: "sleep",
        type: "container",
        containerProperties: { image: "none", command: ["sleep", "600"] },
      }),
    );
    await batch.send(new SubmitJobCommand({ jobName: "long", jobQueue: "cpu", jobDefinition: "sleep" }));
    await until("the job runs", () => processes().length > 3);
    return owner;
  }

  async function killed(owner: ChildProcess): Promise<void> {
    const ended = new Promise((resolve) => owner.once("exit", resolve));
    owner.kill("SIGKILL");
    await ended;
  }

  it("ends by itself when that process is killed: servers, functions' workers, jobs and ports", async () => {
    await killed(await startedBy(""));
    await until("nothing runs", () => processes().length === 0);
    const ports = readRecord(stateDir)?.ports;
    expect(await Promise.all([isFree(ports?.aws ?? 0), isFree(ports?.batch ?? 0)])).toEqual([true, true]);
    // Its data is there for the next one.
    stack = await startStack({ stateDir });
    expect(await stack.invoke("restless", {})).toEqual({ ok: true, payload: 1 });
  });

  it("continues after that process is killed, if it is detached", async () => {
    await killed(await startedBy("outlives: true"));
    expect(await attachStack(stateDir)?.invoke("restless", {})).toEqual({ ok: true, payload: 1 });
    expect(attachStack(stateDir)?.owner()).toBeUndefined();
  });
});

it("a stack adds job families that were created after its start, on request", async () => {
  const serviceDir = path.join(stateDir, "service");
  copyService(serviceDir, { index: "export const pipelines = [];", sources: [] });
  const own = await startStack({ stateDir: path.join(stateDir, "own"), jobs: jobsOf(serviceDir) });
  try {
    const { batch } = clients(own);
    const known = async () => {
      const { jobDefinitions = [] } = await batch.send(new DescribeJobDefinitionsCommand({}));
      return jobDefinitions.map((each) => `${each.jobDefinitionName}:${each.revision}`).sort();
    };
    const before = await known();
    expect(before).toContain("millrace-local-ridge:1");
    const family = path.join(REPOSITORY, "templates", "batch", "batch-jobs", "line_count");
    cpSync(family, path.join(jobsOf(serviceDir), "line_count"), { recursive: true });
    expect((await fetch(`${own.batchEndpoint}/_local/provision`, { method: "POST" })).status).toBe(200);
    expect(await known()).toEqual([...before, "millrace-local-line_count:1"].sort());
  } finally {
    await own.stop();
  }
});

describe("a stack killed with SIGKILL and started again", () => {
  it("has every acknowledged item, message and object, and nothing that was deleted", async () => {
    const { sqs, dynamodb, s3 } = clients(stack);
    const { url } = await createQueue(sqs, "messages");
    await dynamodb.send(
      new CreateTableCommand({
        TableName: "items",
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
        AttributeDefinitions: [
          { AttributeName: "pk", AttributeType: "S" },
          { AttributeName: "sk", AttributeType: "S" },
        ],
      }),
    );
    await s3.send(new CreateBucketCommand({ Bucket: "objects" }));
    await s3.send(
      new PutBucketVersioningCommand({ Bucket: "objects", VersioningConfiguration: { Status: "Enabled" } }),
    );
    await snapshot();

    for (let round = 1; round <= 2; round++) {
      const Key = { pk: { S: "run" }, sk: { S: `step-${round}` } };
      const gone = { pk: { S: "run" }, sk: { S: "gone" } };
      for (const item of [Key, gone])
        await dynamodb.send(new PutItemCommand({ TableName: "items", Item: item }));
      await dynamodb.send(
        new UpdateItemCommand({
          TableName: "items",
          Key,
          UpdateExpression: "SET #a = :a, payload = :b ADD seen :s",
          ExpressionAttributeNames: { "#a": "attempt" },
          ExpressionAttributeValues: {
            ":a": { N: String(round) },
            ":b": { B: new Uint8Array([0, 255, round]) },
            ":s": { SS: ["x"] },
          },
        }),
      );
      await dynamodb.send(new DeleteItemCommand({ TableName: "items", Key: gone }));
      for (const text of ["deleted", `kept-${round}`]) {
        await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: text }));
      }
      const { Messages } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }),
      );
      const ReceiptHandle = Messages?.find((message) => message.Body === "deleted")?.ReceiptHandle;
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
      const put = await s3.send(
        new PutObjectCommand({ Bucket: "objects", Key: "a b+ü", Body: `version ${round}` }),
      );

      await stack.kill();
      await stack.restart();

      const { Items } = await dynamodb.send(new ScanCommand({ TableName: "items" }));
      expect(Items?.map((item) => [item.sk?.S, item.attempt?.N, item.payload?.B, item.seen?.SS])).toEqual(
        Array.from({ length: round }, (_, i) => [
          `step-${i + 1}`,
          `${i + 1}`,
          new Uint8Array([0, 255, i + 1]),
          ["x"],
        ]),
      );
      expect(await bodies(sqs, url)).toEqual(Array.from({ length: round }, (_, i) => `kept-${i + 1}`));
      const got = await s3.send(
        new GetObjectCommand({ Bucket: "objects", Key: "a b+ü", VersionId: put.VersionId ?? "none" }),
      );
      expect(await got.Body?.transformToString()).toBe(`version ${round}`);
    }
  });

  it("redelivers the messages in flight at once", async () => {
    const { sqs } = clients(stack);
    const { url, arn } = await createQueue(sqs, "work", 300);
    const source = `
      const fs = require("node:fs");
      exports.handler = async ({ Records: [{ body }] }) => {
        if (fs.existsSync(body)) return {};
        fs.writeFileSync(body, "");
        await new Promise((resolve) => setTimeout(resolve, 60000));
      };`;
    await createFunction(stack, "worker", source, arn);
    await snapshot();
    const marker = path.join(stateDir, "the-first-one-works");
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: marker }));
    await until("the first one works", () => existsSync(marker));
    // Saved as it is now, hidden for five minutes; without this it would come back as it was sent.
    await snapshot();
    await stack.kill();
    expect(processes()).toEqual([]);
    await stack.restart();
    const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
    await until("the message is done", async () => {
      const attributes = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...AttributeNames] }),
      );
      return AttributeNames.every((name) => attributes.Attributes?.[name] === "0");
    });
  });

  it("has settings that changed just before", async () => {
    const { sqs } = clients(stack);
    await createQueue(sqs, "early");
    const journal = () =>
      readdirSync(statePaths(stateDir).ministackState).filter((f) => f.startsWith("journal-"));
    const before = journal();
    await until("a snapshot is taken unasked", () => !journal().some((file) => before.includes(file)));
    await stack.kill();
    await stack.restart();
    const again = sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: await urlOf("early"), AttributeNames: ["All"] }),
    );
    await expect(again).resolves.toBeDefined();
  });
});

async function urlOf(name: string): Promise<string> {
  return `${stack.awsEndpoint}/${stack.accountId}/${name}`;
}

describe("Batch events", () => {
  it("reach the targets of the rules whose pattern matches, and no other", async () => {
    const { sqs, batch } = clients(stack);
    const { url, arn } = await createQueue(sqs, "batch-events");
    const pattern = {
      source: ["aws.batch"],
      detail: { status: ["SUCCEEDED"], jobName: [{ prefix: "mine-" }] },
    };
    await createRule(stack, "batch", pattern, arn);
    const call = (operation: string, body: unknown) =>
      fetch(`${stack.batchEndpoint}/v1/${operation}`, { method: "POST", body: JSON.stringify(body) });
    await call("registerjobdefinition", {
      jobDefinitionName: "true",
      type: "container",
      containerProperties: { image: "none", command: ["true"] },
    });
    for (const jobName of ["other-1", "mine-1"]) {
      await batch.send(new SubmitJobCommand({ jobName, jobQueue: "cpu", jobDefinition: "true" }));
    }
    const events = await until("an event comes", async () => {
      const found = await bodies(sqs, url);
      return found.length > 0 ? found.map((body) => JSON.parse(body)) : undefined;
    });
    expect(events).toMatchObject([
      {
        source: "aws.batch",
        "detail-type": "Batch Job State Change",
        account: stack.accountId,
        region: "us-east-1",
        detail: { jobName: "mine-1", status: "SUCCEEDED", container: { exitCode: 0 } },
      },
    ]);
    expect(events[0].resources).toEqual([events[0].detail.jobArn]);
  });
});

it("the launcher refuses a MiniStack without the names that it sets, and lists them", () => {
  const script =
    "import ministack_launcher as l; l.PRIVATE_NAMES.append(('ministack.services.sqs', '_renamed', None)); l.main()";
  const launch = () =>
    execFileSync(path.join(VENV, "bin", "python"), ["-c", script], {
      cwd: path.join(REPOSITORY, "local"),
      env: { GATEWAY_PORT: "1", PERSIST_STATE: "1", STATE_DIR: stateDir },
      stdio: "pipe",
      encoding: "utf8",
    });
  expect(launch).toThrow(/ministack\.services\.sqs:_renamed.*node local\/setup\.mjs/);
  expect(readFileSync(path.join(REPOSITORY, "batch-jobs", "requirements-dev.in"), "utf8")).toMatch(
    /ministack.*==/,
  );
});
