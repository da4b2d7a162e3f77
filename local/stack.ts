import { readFileSync } from "node:fs";
import path from "node:path";
import { Command, Option } from "commander";
import type { RunningConsole } from "../cli/console/server.ts";
import { errorText, MillraceError } from "../shared/pipeline/millrace-error.ts";
import { stopSignal } from "./process/stop-requests.mjs";
import { DEFAULT_STATE_DIR, statePaths } from "./stack/paths.ts";
import { attachStack, resetStack, type Stack, startStack, stopStack } from "./stack/stack.ts";
import { usageText } from "./stack/usage.ts";

type Options = { state: string; awsPort?: string; batchPort?: string; force?: boolean };

function portsIn({ awsPort, batchPort }: Options): { aws: number; batch: number } | undefined {
  if (awsPort === undefined && batchPort === undefined) return undefined;
  const aws = Number(awsPort);
  const batch = Number(batchPort);
  if (!Number.isInteger(aws) || !Number.isInteger(batch)) {
    throw new MillraceError("USAGE", "only one of --aws-port and --batch-port is given", {
      remedy: "Use both, or neither for free ports.",
    });
  }
  return { aws, batch };
}

async function up(options: Options, outlives: boolean): Promise<Stack> {
  const running = attachStack(options.state);
  if (running !== undefined) return running;
  const ports = portsIn(options);
  const started = performance.now();
  const stack = await startStack({
    stateDir: options.state,
    outlives,
    ...(ports === undefined ? {} : { ports }),
  });
  console.log(`stack     started in ${seconds(performance.now() - started)}`);
  return stack;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function attached(options: Options): Stack {
  const stack = attachStack(options.state);
  if (stack === undefined) throw new MillraceError("LOCAL_STACK_NOT_RUNNING", "no local stack runs");
  return stack;
}

async function deploy(stack: Stack, force: boolean, signal?: AbortSignal): Promise<void> {
  console.log("deploy    sls deploy --stage local");
  const done = await stack.deploy({ force, ...(signal === undefined ? {} : { signal }) });
  console.log(done.skipped ? "deploy    nothing changed" : `deploy    done in ${seconds(done.durationMs)}`);
}

/** How long a stack runs that another program started. */
function lifetimeText(stack: Stack): string {
  const owner = stack.owner();
  return owner === undefined ? "runs on" : `runs as long as ${owner}`;
}

/** Serves the console of a stack. It is loaded only here, because it needs much of the command line. */
async function servedConsole(stack: Stack): Promise<RunningConsole> {
  const [{ startUsualConsole }, { targetOfStack }] = await Promise.all([
    import("../cli/console/usual-console.ts"),
    import("../cli/readers/target.ts"),
  ]);
  return startUsualConsole(targetOfStack(stack));
}

/**
 * Starts a stack, deploys, serves its console, and stays until Ctrl-C; then stops what it started. If a stack is already running, it
 * deploys to that and exits.
 */
async function foreground(options: Options): Promise<void> {
  const mine = attachStack(options.state) === undefined;
  const { signal: stop } = stopSignal();
  const stopped = new Promise((resolve) => stop.addEventListener("abort", resolve));
  let served: RunningConsole | undefined;
  try {
    const stack = await up(options, false);
    if (!mine) console.log("stack     runs already: what has changed is deployed to it, job families too");
    await deploy(stack, options.force === true, stop);
    console.log(usageText(stack));
    if (!mine)
      return console.log(`\nThe stack ${lifetimeText(stack)}; \`node local/stack.ts down\` stops it now.`);
    served = await servedConsole(stack);
    console.log(`Or open the console; the address works once:\n  ${served.address}`);
    console.log("\nCtrl-C stops it; its state is kept in", path.relative(process.cwd(), stack.stateDir));
    // An unresolved promise doesn't keep the process alive.
    const alive = setInterval(() => undefined, 60_000);
    await stopped;
    clearInterval(alive);
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    await served?.close();
    if (mine) {
      await stopStack(options.state);
      console.log("stack     stopped");
    }
  }
}

function status(options: Options): void {
  const stack = attachStack(options.state);
  console.log(stack === undefined ? "No stack runs." : usageText(stack));
  if (stack === undefined) process.exitCode = 1;
}

function logs(options: Options): void {
  const paths = statePaths(path.resolve(options.state));
  for (const file of [paths.ministackLog, paths.batchLog, paths.deployLog]) {
    try {
      console.log(`==> ${file}\n${readFileSync(file, "utf8")}`);
    } catch {
      // It isn't written yet.
    }
  }
}

const program = new Command("stack").description(
  "The local AWS of this project: MiniStack and a local AWS Batch.",
);

function command(
  name: string,
  description: string,
  action: (options: Options) => void | Promise<void>,
): Command {
  return program
    .command(name)
    .description(description)
    .addOption(new Option("--state <folder>", "state of the stack").default(DEFAULT_STATE_DIR, ".stack"))
    .action(action);
}

command("run", "start, deploy, stay until Ctrl-C; where one runs, deploy to it", foreground)
  .option("--aws-port <port>", "fixed port")
  .option("--batch-port <port>", "fixed port")
  .option("--force", "deploy even when nothing changed");
command("up", "start in the background", async (options) => console.log(usageText(await up(options, true))))
  .option("--aws-port <port>", "fixed port")
  .option("--batch-port <port>", "fixed port");
command("deploy", "deploy to the running stack", (options) =>
  deploy(attached(options), options.force === true),
).option("--force", "even when nothing changed");
command("down", "stop; the state is kept", (options) => stopStack(options.state));
command("reset", "stop and remove the state", (options) => resetStack(options.state));
command("status", "say how to reach the running stack", status);
command("logs", "print what its servers logged", logs);

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof MillraceError ? errorText(error) : error);
  process.exitCode = 1;
}
