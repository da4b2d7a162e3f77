import { mkdirSync } from "node:fs";
import path from "node:path";
import { type Daemon, healthy, startDaemon } from "./daemon.ts";
import { BATCH_JOBS, CACHE, NODE_BIN, REPOSITORY, statePaths, VENV } from "./paths.ts";

export type BatchServerOptions = {
  /** vCPUs of all running jobs together, stored with the state. Default: the machine's cores. */
  vcpus?: number;
  /** Milliseconds that a terminated job gets between SIGTERM and SIGKILL. Default: 30,000, as on AWS. */
  graceMs?: number;
  /** Folder of the job families, which is also the jobs' working folder. Default: the repository's `batch-jobs`. */
  jobs?: string;
};

/**
 * Starts the local Batch server with this state and waits until it answers.
 * @param tied whether it ends with this process
 */
export async function startBatchServer(
  stateDir: string,
  port: number,
  awsEndpoint: string,
  options: BatchServerOptions,
  tied: boolean,
): Promise<Daemon> {
  const paths = statePaths(stateDir);
  for (const dir of [paths.home, paths.batchState]) mkdirSync(dir, { recursive: true });
  const args = [
    "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
    "--disable-warning=ExperimentalWarning",
    path.join(REPOSITORY, "local", "batch", "main.ts"),
    ...["--state", paths.batchState, "--port", String(port), "--aws", awsEndpoint],
    ...["--jobs", options.jobs ?? BATCH_JOBS, "--venv", VENV],
    "--provision",
    ...(options.vcpus === undefined ? [] : ["--vcpus", String(options.vcpus)]),
    ...(options.graceMs === undefined ? [] : ["--grace", String(options.graceMs)]),
    ...(tied ? ["--tied"] : []),
  ];
  const daemon = startDaemon(path.join(NODE_BIN, "node"), args, {
    cwd: REPOSITORY,
    env: {
      ...{ PATH: process.env.PATH ?? "", HOME: paths.home, TZ: "UTC" },
      // Half of its start is the loading of its sources.
      NODE_COMPILE_CACHE: path.join(CACHE, "compile"),
    },
    tied: tied ? "itself" : undefined,
    logFile: paths.batchLog,
  });
  await healthy(`http://127.0.0.1:${port}/_local/health`, daemon, "The local Batch server", paths.batchLog);
  return daemon;
}
