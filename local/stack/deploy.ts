import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { attemptsDirectory } from "../batch/configuration.ts";
import { functionPythons } from "../batch/family-packages.ts";
import { withLock } from "../process/lock.mjs";
import { startTied } from "../process/tied.mjs";
import { lastLines } from "./daemon.ts";
import { type StackEndpoints, stackEnvironment } from "./environment.ts";
import { NODE_BIN, REPOSITORY, statePaths } from "./paths.ts";
import { writeFileAtomically } from "./record.ts";
import { serverlessSpeed } from "./serverless-speed.ts";
import { sourceHash } from "./source-hash.ts";

/** Makes the launcher save all state, so that a deployment survives a SIGKILL right after it. */
const SNAPSHOT_PATH = "/_local/snapshot";

/** Makes the local Batch server load the job families that exist now. */
const PROVISION_PATH = "/_local/provision";

const stampSchema = z.object({ hash: z.string() });

export type DeployOptions = {
  /** Folder of the serverless.yml. */
  serviceDir?: string;
  /** Deploys even if nothing changed since the last successful deployment into this state. */
  force?: boolean;
  signal?: AbortSignal;
};

/** `skipped` if nothing changed. Milliseconds. */
export type Deployment = { skipped: boolean; durationMs: number };

function stampedHash(stateDir: string): string | undefined {
  const file = statePaths(stateDir).deployed;
  if (!existsSync(file)) return undefined;
  const parsed = stampSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
  return parsed.success ? parsed.data.hash : undefined;
}

async function runServerless(
  stateDir: string,
  serviceDir: string,
  endpoints: StackEndpoints,
  signal?: AbortSignal,
): Promise<number> {
  const { deployLog, temporary: parent, home } = statePaths(stateDir);
  // The packaging of functions leaves files in the folder for temporary files, and sls leaves its own in the home
  // folder.
  for (const folder of [parent, home]) mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(path.join(parent, "deploy-"));
  const log = openSync(deployLog, "w");
  const args = [path.join(NODE_BIN, "serverless"), "deploy", "--stage", "local", "--verbose"];
  const env = {
    PATH: `${NODE_BIN}:${process.env.PATH ?? ""}`,
    HOME: home,
    TMPDIR: temporary,
    CI: "1",
    SLS_TELEMETRY_DISABLED: "1",
    SLS_NOTIFICATIONS_MODE: "off",
    SLS_DEPRECATION_DISABLE: "*",
    // Polls the state of the CloudFormation stack five times a second instead of every five seconds.
    SLS_AWS_MONITORING_FREQUENCY: "200",
    NODE_OPTIONS: "--no-deprecation",
    ...serverlessSpeed,
    ...stackEnvironment(endpoints),
    MILLRACE_JOB_LOGS: attemptsDirectory(statePaths(stateDir).batchState),
    MILLRACE_FUNCTION_PYTHONS: JSON.stringify(functionPythons(serviceDir, statePaths(stateDir).batchState)),
  };
  const stdio = { stdout: log, stderr: log };
  const serverless = startTied(path.join(NODE_BIN, "node"), args, { cwd: serviceDir, env, ...stdio });
  closeSync(log);
  const end = () => void serverless.end();
  signal?.addEventListener("abort", end);
  try {
    const { code } = await serverless.ended;
    signal?.throwIfAborted();
    return code;
  } finally {
    signal?.removeEventListener("abort", end);
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function request(url: URL, failure: string): Promise<void> {
  const response = await fetch(url, { method: "POST" });
  if (!response.ok) throw new MillraceError("LOCAL_DEPLOY_FAILED", `${failure}: ${await response.text()}`);
}

/**
 * Makes the local Batch server load the existing job families, and runs the real `sls deploy --stage local` against a
 * stack.
 * @throws {MillraceError} with the end of its output, if it fails
 */
export async function deploy(
  stateDir: string,
  endpoints: StackEndpoints,
  options: DeployOptions = {},
): Promise<Deployment> {
  const started = performance.now();
  const serviceDir = options.serviceDir ?? REPOSITORY;
  const elapsed = () => Math.round(performance.now() - started);
  const hash = sourceHash(serviceDir, `${serviceDir} ${endpoints.awsEndpoint} ${endpoints.batchEndpoint}`);
  if (options.force !== true && stampedHash(stateDir) === hash)
    return { skipped: true, durationMs: elapsed() };
  await request(
    new URL(PROVISION_PATH, endpoints.batchEndpoint),
    "The local Batch server couldn't take up the families of jobs; if it was started by another version, stop it and start it again",
  );
  // Two deployments from one folder would overwrite each other's bundles.
  const lock = path.join(serviceDir, ".cache", "deploy.lock");
  const { signal } = options;
  const work = async () => {
    const code = await runServerless(stateDir, serviceDir, endpoints, signal);
    if (code !== 0) {
      const log = statePaths(stateDir).deployLog;
      throw new MillraceError(
        "LOCAL_DEPLOY_FAILED",
        `the deployment failed (all of its output: ${log}):\n${lastLines(log)}`,
      );
    }
  };
  await withLock(lock, work, signal === undefined ? {} : { signal });
  await request(new URL(SNAPSHOT_PATH, endpoints.awsEndpoint), "MiniStack could not store its state");
  writeFileAtomically(statePaths(stateDir).deployed, JSON.stringify({ hash }));
  return { skipped: false, durationMs: elapsed() };
}
