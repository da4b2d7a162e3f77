import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import * as z from "zod";
import plugins from "../../resources/left-out.cjs";

const root = path.join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(path.join(tmpdir(), "millrace-trace-"));
afterAll(() => rmSync(folder, { recursive: true }));

const trace = "1-5759e988-bd862e3fe1be46a994272793";

/** A step worker whose steps do nothing but hint at the next one. Each waits until all of them have begun. */
const source = `
  import { SQSClient } from "@aws-sdk/client-sqs";
  import { sqsStepQueue } from "./shared/adapters/aws/sqs-step-queue.ts";
  import { messageHandler } from "./shared/app/handler.ts";
  import { log, tracer } from "./shared/app/telemetry.ts";
  import { parseStepMessage } from "./shared/ports/step-queue.ts";
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const client = new SQSClient({ endpoint: process.env.SQS, region: "eu-west-1", credentials, maxAttempts: 1 });
  const queue = sqsStepQueue(tracer.captureAWSv3Client(client), process.env.SQS + "/steps");
  const bodies = JSON.parse(process.env.BODIES);
  let begun = 0;
  const all = Promise.withResolvers();
  const handler = messageHandler({
    parse: parseStepMessage,
    about: (message) => message,
    handle: async (message) => {
      begun += 1;
      if (begun === bodies.length) all.resolve();
      await all.promise;
      log.info("works", { runId: message.runId });
      if (message.step === "broken") throw new Error("it broke");
      await queue.send([message]);
    },
  });
  const Records = bodies.map((body, place) => ({ messageId: String(place), body: JSON.stringify(body) }));
  const context = { getRemainingTimeInMillis: () => 1000, functionName: "step", awsRequestId: "1" };
  handler({ Records }, context).then((answer) => console.log(JSON.stringify({ answer })));
`;

type Segment = {
  readonly id: string;
  readonly name: string;
  readonly trace_id: string;
  readonly parent_id?: string;
  readonly fault?: boolean;
  readonly annotations?: Readonly<Record<string, unknown>>;
  readonly subsegments: readonly Segment[];
};

const segment: z.ZodType<Segment> = z.lazy(() =>
  z.object({
    id: z.string(),
    name: z.string(),
    trace_id: z.string().default(""),
    parent_id: z.string().exactOptional(),
    fault: z.boolean().exactOptional(),
    annotations: z.record(z.string(), z.unknown()).exactOptional(),
    subsegments: z.array(segment).default([]),
  }),
);

/** Bundles the worker as functions are bundled, lets it handle messages, and returns what it sent and wrote. */
async function handled(bodies: readonly object[], sampled: 0 | 1 = 1) {
  const outfile = path.join(folder, "worker.js");
  await build({
    stdin: { contents: source, resolveDir: root, loader: "ts" },
    ...{ bundle: true, platform: "node", format: "cjs", outfile, plugins, logLevel: "error" },
    external: ["@aws-sdk/*", "@smithy/*"],
    alias: { "cls-hooked/context": path.join(root, "resources", "trace-context.cjs") },
  });
  const headers: string[] = [];
  const segments: Segment[] = [];
  const daemon = createSocket("udp4").bind(0, "127.0.0.1");
  daemon.on("message", (message) => {
    if (message.toString() === "end") daemon.emit("end");
    else segments.push(segment.parse(JSON.parse(message.toString().split("\n")[1] ?? "")));
  });
  const sqs = createServer((request, response) => {
    headers.push(String(request.headers["x-amzn-trace-id"]));
    response.setHeader("content-type", "application/x-amz-json-1.0").end('{"Successful":[],"Failed":[]}');
  }).listen(0, "127.0.0.1");
  try {
    await Promise.all([once(daemon, "listening"), once(sqs, "listening")]);
    const { stdout } = await execa(process.execPath, [outfile], {
      extendEnv: false,
      env: {
        NODE_PATH: path.join(root, "node_modules"),
        LAMBDA_TASK_ROOT: folder,
        AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
        AWS_LAMBDA_FUNCTION_NAME: "millrace-dev-step",
        _X_AMZN_TRACE_ID: `Root=${trace};Parent=557abcec3ee5a047;Sampled=${sampled}`,
        AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${daemon.address().port}`,
        SQS: `http://127.0.0.1:${(sqs.address() as AddressInfo).port}`,
        BODIES: JSON.stringify(bodies),
      },
    });
    const lines = stdout.split("\n").map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
    // The worker has ended, so this datagram is behind all of its own.
    const ended = once(daemon, "end");
    daemon.send("end", daemon.address().port, "127.0.0.1");
    await ended;
    return { headers, segments, lines };
  } finally {
    daemon.close();
    sqs.close();
  }
}

/** All segments, also those inside others. */
function every(segments: readonly Segment[]): Segment[] {
  return segments.flatMap((each) => [each, ...every(each.subsegments)]);
}

const message = (runId: string, step: string) => ({ runId, step, index: 0, epoch: 1, attempt: 1 });

test("messages that a worker handles at once are parts of their own, found by run, and their hints lead on from them", async () => {
  const bodies = [message("run-a", "train"), message("run-b", "train"), message("run-c", "score")];
  const { headers, segments } = await handled(bodies);
  const found = every(segments);
  const parts = found.filter(({ annotations }) => annotations?.run !== undefined);
  expect(parts.map(({ name, annotations }) => [name, annotations?.run, annotations?.step]).sort()).toEqual([
    ["score", "run-c", "score"],
    ["train", "run-a", "train"],
    ["train", "run-b", "train"],
  ]);
  const calls = found.filter(({ name }) => name === "SQS");
  const parents = calls.map(
    ({ id, parent_id }) =>
      parent_id ?? parts.find(({ subsegments }) => subsegments.some((s) => s.id === id))?.id,
  );
  expect(parents.toSorted()).toEqual(parts.map(({ id }) => id).sort());
  // SQS keeps this header with the messages, as AWSTraceHeader; Lambda reads it there.
  expect(headers.toSorted()).toEqual(calls.map(({ id }) => `Root=${trace};Parent=${id};Sampled=1`).sort());
});

test("log lines of a run name its trace", async () => {
  const { lines } = await handled([message("run-a", "train")]);
  expect(lines).toContainEqual(expect.objectContaining({ runId: "run-a", xray_trace_id: trace }));
});

test("a message that can't be handled marks its own part as failed, and comes back", async () => {
  const { lines, segments } = await handled([message("run-a", "train"), message("run-b", "broken")]);
  const parts = every(segments).filter(({ annotations }) => annotations?.run !== undefined);
  expect(parts.filter(({ fault }) => fault === true).map(({ name }) => name)).toEqual(["broken"]);
  expect(lines).toContainEqual({ answer: { batchItemFailures: [{ itemIdentifier: "1" }] } });
});

test("an invocation that Lambda doesn't sample records nothing, and says so to the functions after it", async () => {
  const { headers, segments } = await handled([message("run-a", "train")], 0);
  expect(segments).toEqual([]);
  expect(headers).toEqual([expect.stringMatching(/;Sampled=0$/)]);
});
