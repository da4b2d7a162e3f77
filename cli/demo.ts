import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs, styleText } from "node:util";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { withLock } from "../local/process/lock.mjs";
import { stopSignal } from "../local/process/stop-requests.mjs";
import { DEFAULT_STATE_DIR, statePaths } from "../local/stack/paths.ts";
import { attachStack, type Stack, startStack, stopStack } from "../local/stack/stack.ts";
import { MillraceError } from "../shared/pipeline/millrace-error.ts";
import { durationText } from "../shared/wording/units.ts";
import { phase } from "./demo/phase.ts";
import { nextCommandsText, objectsText, resultsText } from "./demo/report.ts";
import { listObjects, ridgeResults } from "./demo/ridge-results.ts";
import { sampleDataset } from "./demo/sample-dataset.ts";
import { errorReport } from "./errors.ts";
import { followRun } from "./readers/follow-run.ts";
import { stackFolder, type Target, targetOfStack } from "./readers/target.ts";
import { runDisplay } from "./screens/run-display.ts";

const pipeline = "ridge-sweep";
const runStartMs = 30_000;
const stage = "local";

type Demo = { stateDir: string; stop: AbortSignal };

/** The last line of the deployment's output, to show progress. */
function deployProgress(stateDir: string): string {
  try {
    const lines = readFileSync(statePaths(stateDir).deployLog, "utf8").trimEnd().split("\n");
    return lines.at(-1)?.trim() ?? "";
  } catch {
    return "";
  }
}

function started({ stateDir }: Demo, outlives: boolean): Promise<Stack> {
  const doing = "starting S3, SQS, Lambda, DynamoDB and Batch, all local";
  return phase(
    "stack",
    () => doing,
    async () => {
      const value = await startStack({ stateDir, outlives });
      return { value, text: "S3, SQS, Lambda, DynamoDB and Batch run, all local" };
    },
  );
}

function deployed(stack: Stack, { stop, stateDir }: Demo): Promise<unknown> {
  const before = performance.now();
  // For the first second, the log may still be that of an earlier deployment.
  const progress = () => (performance.now() - before > 1000 ? deployProgress(stateDir) : "");
  return phase(
    "deploy",
    () => ["sls deploy --stage local", progress()].filter(Boolean).join(": "),
    async () => {
      const { skipped } = await stack.deploy({ signal: stop });
      return {
        value: undefined,
        text: skipped ? "nothing changed since the last one" : "sls deploy --stage local",
      };
    },
  );
}

/** Uploads a dataset to where the pipeline waits for one. Its name is new each time, so each demo starts a new run. */
function dropped(s3: S3Client, bucket: string): Promise<string> {
  const stamp = new Date().toISOString().replace(/\.\d+/, "").replace(/[-:]/g, "");
  const key = `raw/ridge/demo-${stamp}.csv`;
  const uri = `s3://${bucket}/${key}`;
  return phase(
    "dataset",
    () => `dropping 100 points into ${uri}`,
    async () => {
      await s3.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: sampleDataset(), ContentType: "text/csv" }),
      );
      return { value: uri, text: uri };
    },
  );
}

/** Waits for the run that the object's event starts. */
function startedBy(uri: string, { store, pollMs }: Target, { stop, stateDir }: Demo): Promise<string> {
  const search = async (): Promise<string> => {
    const deadline = performance.now() + runStartMs;
    for (;;) {
      const { runs } = await store.listRuns({ pipeline }, 5);
      for (const { runId } of runs) {
        const cause = (await store.getRun(runId))?.cause;
        if (cause?.kind === "object" && cause.uri === uri) return runId;
      }
      if (performance.now() > deadline) {
        throw new MillraceError("DEMO_FAILED", `no run started for ${uri} within ${runStartMs / 1000} s`, {
          remedy: `Look at ${statePaths(stateDir).ministackLog}.`,
        });
      }
      await delay(pollMs, undefined, { signal: stop });
    }
  };
  return phase(
    "event",
    () => "S3 → SQS → function object-created → a run …",
    async () => {
      const value = await search();
      return { value, text: "S3 → SQS → function object-created → a run" };
    },
  );
}

async function shown(runId: string, target: Target, { stop, stateDir }: Demo): Promise<void> {
  const display = runDisplay();
  console.log();
  try {
    const view = await followRun(target, runId, (each) => display.show(each), stop);
    if (view.state === "SUCCEEDED") return;
    throw new MillraceError("DEMO_FAILED", `run ${runId} ended as ${view.state}`, {
      remedy: `Look at the jobs' logs under ${statePaths(stateDir).batchState}.`,
    });
  } finally {
    display.done();
    console.log();
  }
}

async function play(demo: Demo, stack: Stack, running: boolean): Promise<void> {
  await deployed(stack, demo);
  const target = targetOfStack(stack);
  const s3 = new S3Client({ ...target.config, forcePathStyle: true });
  const bucket = `millrace-${stage}-data-${stack.accountId}`;
  const uri = await dropped(s3, bucket);
  const runId = await startedBy(uri, target, demo);
  await shown(runId, target, demo);
  const prefix = `runs/${pipeline}/${runId}/`;
  const [results, objects] = await Promise.all([
    target.store.listSteps(runId).then((records) => ridgeResults(s3, records)),
    listObjects(s3, bucket, prefix),
  ]);
  console.log(
    [
      resultsText(results),
      objectsText(bucket, prefix, objects),
      nextCommandsText(runId, bucket, running),
    ].join("\n\n"),
  );
}

/** Stops the stack that this demo started, whatever state its start had reached. */
async function stopped({ stateDir }: Demo): Promise<void> {
  await phase(
    "stop",
    () => "stopping MiniStack and AWS Batch",
    async () => {
      await stopStack(stateDir);
      return {
        value: undefined,
        text: `nothing runs any more; the data stays in ${path.relative(process.cwd(), stateDir)}`,
      };
    },
  );
}

/** Runs one demo on the local stack that already runs, or on a new one. A new stack stays only if `keep` is set. */
async function demonstrate(demo: Demo, keep: boolean): Promise<void> {
  const { stateDir } = demo;
  const running = attachStack(stateDir);
  try {
    if (running !== undefined)
      console.log("  a local stack runs already; the demo uses it and leaves it running");
    const stack = running ?? (await started(demo, keep));
    demo.stop.throwIfAborted();
    await play(demo, stack, running !== undefined || keep);
    console.log();
  } catch (error) {
    process.exitCode = 1;
    if (!demo.stop.aborted) {
      const { ministackLog, batchLog, deployLog } = statePaths(stateDir);
      console.error(`\n${errorReport(error, stage)}`);
      console.error(`logs: ${[deployLog, ministackLog, batchLog].filter(existsSync).join("\n      ")}\n`);
    }
  } finally {
    if (running === undefined && !(keep && process.exitCode === undefined)) await stopped(demo);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { state: { type: "string" }, keep: { type: "boolean", default: false } },
  });
  const begin = performance.now();
  const stateDir = path.resolve(values.state ?? stackFolder() ?? DEFAULT_STATE_DIR);
  const { signal: stop, exitCode } = stopSignal();
  const waiting = (holder: string) =>
    console.log(`  waiting for another demo to end (${holder}; delete that file if there is none)`);
  console.log(styleText("bold", "\nMillrace: a file dropped into S3 becomes six trained models\n"));
  try {
    const work = () => demonstrate({ stateDir, stop }, values.keep);
    await withLock(path.join(stateDir, "demo.lock"), work, { waiting, signal: stop });
  } catch (error) {
    // The wait for another demo was stopped, or the folder of the stack can't be written.
    if (!stop.aborted) console.error(errorReport(error, stage));
    process.exitCode = 1;
  }
  process.exitCode = exitCode() ?? process.exitCode;
  console.log(styleText("gray", `  all in all ${durationText(performance.now() - begin)}`));
}

await main();
