import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { othersPrices, priceSources } from "../shared/run/price-sources.ts";
import { perMillion, prices } from "../shared/run/prices.ts";
import type { Call } from "./call-record.ts";
import { type CountedEngine, startCountedEngine } from "./counted-engine.ts";
import { chain, chainLength, diamond, upper, wide } from "./pipelines.ts";
import type { Cell, Report, Table } from "./report.ts";
import { type Handled, jobCalls, tailCalls, wholeRun } from "./step-calls.ts";

const mapSize = 1000;
/** Max. number of messages that Lambda passes to a worker at once: `batchSize` in serverless.yml. */
const batchSize = 10;
/** CloudWatch counts this many extra bytes for each line. */
const lineOverhead = 26;
/**
 * Milliseconds that a request from Lambda to another service takes. It's not measured here, so it has its own column.
 */
const assumedRequest = 5;
/** States of a job that cause an event, except for its end: RUNNABLE, STARTING, RUNNING. */
const progressEvents = 3;

/** What a number of steps took altogether. */
type Taken = {
  readonly what: string;
  readonly steps: number;
  readonly calls: readonly Call[];
  /** How often a worker was invoked: once for each message or, for a map, for every ten. */
  readonly invocations: number;
  /** Events that a queue delivers in addition to the engine's messages. */
  readonly events?: number;
  /** How many messages a worker handles at the same time. */
  readonly atOnce?: number;
};

const callsOf = (handled: readonly Handled[]) => handled.flatMap(({ calls }) => calls);
const count = (calls: readonly Call[], test: (call: Call) => boolean) => calls.filter(test).length;

/** Units of one step. */
function unitsOf({ steps, calls, invocations, events = 0, atOnce = 1 }: Taken) {
  const sends = count(calls, ({ service }) => service === "sqs");
  const put = count(calls, ({ command }) => command === "PutObjectCommand");
  const get = count(calls, ({ service }) => service === "s3") - put;
  return {
    writes: calls.reduce((units, call) => units + call.writeUnits, 0) / steps,
    reads: calls.reduce((units, call) => units + call.readUnits, 0) / steps,
    sends: sends / steps,
    // Lambda makes one request to receive and one to delete what it passes to a worker.
    requests: (sends + events + 2 * invocations) / steps,
    invocations: invocations / steps,
    put: put / steps,
    get: get / steps,
    milliseconds: ((calls.length / atOnce) * assumedRequest) / steps,
  };
}

/** Bytes that CloudWatch ingests for a step, including its overhead: the log and metrics that the functions print. */
async function logBytes(): Promise<number> {
  const { stdout } = await execa(
    process.execPath,
    ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", join(import.meta.dirname, "log-lines.ts")],
    { env: { POWERTOOLS_SERVICE_NAME: "millrace-prod", POWERTOOLS_METRICS_NAMESPACE: "Millrace" } },
  );
  const lines = stdout.split("\n");
  return lines.reduce((bytes, line) => bytes + Buffer.byteLength(line) + lineOverhead, 0) / chainLength;
}

/** Megabytes of memory of the step function, from its definition. */
function stepMemory(): number {
  const text = readFileSync(join(import.meta.dirname, "../serverless.yml"), "utf8");
  const [, memory] = /^ {2}step:\n(?: {4}.*\n)*? {4}memorySize: (\d+)/m.exec(text) ?? [];
  if (memory === undefined) throw new Error("serverless.yml has no memorySize for the step function");
  return Number(memory);
}

const timeDollars = (megabytes: number, milliseconds: number) =>
  (megabytes / 1024) * (milliseconds / 1000) * prices.gigabyteSecond.dollars;

function costRow(taken: Taken, logged: number, memory: number): Cell[] {
  const { writes, reads, requests, invocations, put, get, milliseconds } = unitsOf(taken);
  const parts = [
    writes * prices.writeUnit.dollars + reads * prices.readUnit.dollars,
    requests * prices.queueRequest.dollars,
    invocations * prices.invocation.dollars,
    put * prices.objectPut.dollars + get * prices.objectGet.dollars,
    logged * prices.logByte.dollars,
  ];
  const counted = parts.reduce((sum, part) => sum + part, 0);
  const times = [512, memory].map((megabytes) => timeDollars(megabytes, milliseconds));
  return [taken.what, ...[...parts, counted, ...times].map(perMillion)];
}

async function takenBy(counted: CountedEngine): Promise<Taken[]> {
  const messages = (what: string, steps: number, handled: readonly Handled[]): Taken => ({
    what,
    steps,
    calls: callsOf(handled),
    invocations: handled.length,
  });
  const tail = await tailCalls(counted);
  const map = await wholeRun(counted, wide, { size: mapSize }, "same", "for more");
  const { submission, progress, end } = await jobCalls(counted);
  return [
    messages("chain, a message a step", chainLength, await wholeRun(counted, chain, {}, "fresh", "for one")),
    messages("chain by tail call", tail.steps, [tail.handled]),
    {
      ...messages(`map of ${mapSize}: a child`, mapSize, map),
      invocations: map.length / batchSize,
      atOnce: batchSize,
    },
    messages("diamond", 4, await wholeRun(counted, diamond, {}, "fresh", "for more")),
    {
      what: "Batch step",
      steps: 1,
      calls: callsOf([submission, ...Array.from({ length: progressEvents }, () => progress), end]),
      invocations: 2 + progressEvents,
      events: 1 + progressEvents,
    },
    messages(
      "child run with its one step, in all",
      1,
      await wholeRun(counted, upper, {}, "fresh", "for more"),
    ),
  ];
}

function unitTable(taken: readonly Taken[]): Table {
  return {
    title: "What a step takes, on average over a whole run",
    columns: ["", "write units", "read units", "sends", "SQS requests", "invocations", "S3 PUT", "S3 GET"],
    rows: taken.map((each) => {
      const { writes, reads, sends, requests, invocations, put, get } = unitsOf(each);
      return [each.what, writes, reads, sends, requests, invocations, put, get];
    }),
    notes: [
      "Counted as `npm run bench -- calls` does, ends of runs and of maps included, the start of the run not.",
      "A worker that has seen nothing handles each message, but for the map's, which one worker handles: the result that",
      "its children share is read once a worker. Messages of one invocation share the read of their run; not counted.",
      "SQS requests: sends, and for each invocation a receive and a delete. Lambda's polling of an idle queue is not in here.",
      "Batch step: with its five events or messages; the job itself is not in here.",
    ],
  };
}

function priceTable(taken: readonly Taken[], logged: number, memory: number): Table {
  const other = (what: string, dollars: number): Cell[] => [
    what,
    ...Array.from({ length: 5 }, () => undefined),
    perMillion(dollars),
  ];
  return {
    title: "Dollars for a million steps, at list prices in us-east-1",
    columns: [
      "",
      "DynamoDB",
      "SQS",
      "invocations",
      "S3",
      "logs",
      "sum",
      "time, 512 MB",
      `time, ${memory} MB`,
    ],
    rows: [
      ...taken.map((each) => costRow(each, logged, memory)),
      other("Step Functions Standard, a transition a step", othersPrices.stateTransition.dollars),
      other("Lambda durable functions, an operation a step", othersPrices.durableOperation.dollars),
    ],
    notes: [
      `Logs: ${Math.round(logged)} bytes a step, as the functions print them at LOG_LEVEL INFO; traces and metrics are not in here.`,
      `Time: the worker's, arm64, if each request takes ${assumedRequest} ms and the step's own work none: assumed, not measured, so it is`,
      "not in the sum. The others' Lambda functions run too, with an invocation, time and logs for each step; durable",
      "functions pay for the data that they write as well. None of that is in their row.",
      ...[...Object.values(priceSources), ...Object.values(othersPrices)].map(
        ({ unit, date, source, confirmed }) =>
          `${unit} (${source}, ${date}${confirmed ? "" : "; not confirmed on AWS's page"})`,
      ),
    ],
  };
}

/** What steps cost on AWS: units counted at the SDK, multiplied by list prices. */
export async function measureCosts(): Promise<Report> {
  const counted = await startCountedEngine();
  try {
    const taken = await takenBy(counted);
    return {
      tables: [unitTable(taken), priceTable(taken, await logBytes(), stepMemory())],
      overBudget: [],
    };
  } finally {
    await counted.stop();
  }
}
