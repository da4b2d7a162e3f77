import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { ACCOUNT_ID, REGION } from "../batch/arn.ts";
import { endOrphanedAttempts } from "../batch/orphans.ts";
import { groupMembers, isRunning } from "../process/alive.mjs";
import { endGroup, groupGone, signalGroup } from "../process/end.mjs";
import { withLock } from "../process/lock.mjs";
import { type BatchServerOptions, startBatchServer } from "./batch-server.ts";
import type { Daemon } from "./daemon.ts";
import { type Deployment, type DeployOptions, deploy } from "./deploy.ts";
import { type StackEndpoints, type StackEnvironment, stackEnvironment } from "./environment.ts";
import { type Invocation, invokeFunction } from "./invoke.ts";
import { startMinistack } from "./ministack.ts";
import { DEFAULT_STATE_DIR, statePaths } from "./paths.ts";
import { freePort, getsFree } from "./ports.ts";
import {
  isOrphan,
  ownedByThisProcess,
  readRecord,
  runningPids,
  type StackRecord,
  writeRecord,
} from "./record.ts";

const STOP_GRACE_MS = 10_000;

export type StackOptions = BatchServerOptions & {
  /** Folder of all its state. Several stacks can run side by side, each with its own. Default: `.stack/`. */
  stateDir?: string;
  /** Fixed ports. Default: those that the state folder had before, otherwise free ones. */
  ports?: { aws: number; batch: number };
  /** Whether the stack goes on after this process ends. By default it ends too, even if this process is killed. */
  outlives?: boolean;
};

/** A running local stack: MiniStack and the local Batch server. */
export type Stack = StackEndpoints & {
  stateDir: string;
  accountId: string;
  /** The program that the stack ends with, such as `npm run demo (process 7)`; undefined if the stack outlives it. */
  owner(): string | undefined;
  /** Environment variables that point AWS clients at the stack. */
  env: StackEnvironment;
  /** Runs the real `sls deploy --stage local`, unless nothing changed since the last deployment into this state. */
  deploy(options?: DeployOptions): Promise<Deployment>;
  /** Invokes a deployed function, such as `millrace-local-start`, and waits for its answer. */
  invoke(functionName: string, payload: unknown): Promise<Invocation>;
  /** Stops the stack cleanly: the state is kept, and no process, port or temporary folder is left. */
  stop(): Promise<void>;
  /** Ends both servers and the functions' workers with SIGKILL, as a crash would. Batch jobs' processes go on. */
  kill(): Promise<void>;
  /** Starts again with the same state and ports, after {@link kill}, {@link stop}, or while it is running. */
  restart(): Promise<void>;
};

async function choosePorts(
  record: StackRecord | undefined,
  options: StackOptions,
): Promise<StackRecord["ports"]> {
  const wanted = options.ports ?? record?.ports;
  if (wanted === undefined) return { aws: await freePort(), batch: await freePort() };
  for (const port of [wanted.aws, wanted.batch]) {
    if (await getsFree(port)) continue;
    throw new MillraceError("PORT_TAKEN", `port ${port} of the stack is taken by another program`);
  }
  return wanted;
}

async function launch(stateDir: string, options: StackOptions): Promise<StackRecord["ports"]> {
  mkdirSync(stateDir, { recursive: true });
  const record = readRecord(stateDir);
  const running = runningPids(stateDir, record);
  if (running.length === 2 && record !== undefined && !isOrphan(record)) {
    throw new MillraceError("LOCAL_STACK_RUNNING", `a stack already runs on ${stateDir}`);
  }
  // A crash leaves one server without the other. A SIGKILL of the owner leaves both servers without it. The processes
  // of the Batch jobs stay, and the next server adopts them.
  await endServers(stateDir, record);
  const ports = await choosePorts(record, options);
  const awsEndpoint = `http://127.0.0.1:${ports.aws}`;
  const tied = options.outlives !== true;
  const owned: StackRecord = { version: 1, ports, ...(tied ? { owner: ownedByThisProcess() } : {}) };
  writeRecord(stateDir, owned);
  const started: Daemon[] = [];
  const remember = async (starting: Promise<Daemon>) => {
    const daemon = await starting;
    started.push(daemon);
    return daemon;
  };
  const [ministack, batch] = await Promise.allSettled([
    remember(startMinistack(stateDir, ports.aws, REGION, tied)),
    remember(startBatchServer(stateDir, ports.batch, awsEndpoint, options, tied)),
  ]);
  if (ministack.status === "rejected" || batch.status === "rejected") {
    await Promise.all(started.map((daemon) => endGroup(daemon.pid, STOP_GRACE_MS)));
    throw ministack.status === "rejected" ? ministack.reason : (batch as PromiseRejectedResult).reason;
  }
  writeRecord(stateDir, { ...owned, pids: { ministack: ministack.value.pid, batch: batch.value.pid } });
  return ports;
}

function launchAlone(stateDir: string, options: StackOptions): Promise<StackRecord["ports"]> {
  return withLock(path.join(stateDir, "starting.lock"), () => launch(stateDir, options));
}

/** Ends whatever uses this state folder. Safe to call if nothing does, or if a part of it crashed. */
export async function stopStack(stateDir: string = DEFAULT_STATE_DIR): Promise<void> {
  const folder = path.resolve(stateDir);
  const record = readRecord(folder);
  await endServers(folder, record);
  await endOrphanedAttempts(statePaths(folder).batchState);
  rmSync(statePaths(folder).temporary, { recursive: true, force: true });
  if (record !== undefined) writeRecord(folder, { version: 1, ports: record.ports });
}

async function endServers(stateDir: string, record: StackRecord | undefined): Promise<void> {
  // Batch first: while it ends its jobs, it still delivers their events.
  for (const pid of [record?.pids?.batch, record?.pids?.ministack]) {
    if (pid === undefined) continue;
    if (isRunning(pid, stateDir)) {
      process.kill(pid, "SIGTERM");
      await gone(pid, stateDir);
    }
    // A worker with an open timer outlives its server. The group's id outlives it too, so this finds the worker.
    await endLeftGroup(pid, stateDir);
  }
}

async function gone(pid: number, stateDir: string): Promise<void> {
  const deadline = Date.now() + STOP_GRACE_MS;
  while (isRunning(pid, stateDir) && Date.now() < deadline) await delay(10);
}

async function endLeftGroup(group: number, stateDir: string): Promise<void> {
  // After a restart of the machine, the number may belong to another program.
  if (!groupMembers(group).some((pid) => isRunning(pid, stateDir))) return;
  signalGroup(group, "SIGKILL");
  await groupGone(group, STOP_GRACE_MS);
}

function stackOf(stateDir: string, ports: StackRecord["ports"], options: StackOptions): Stack {
  const endpoints: StackEndpoints = {
    awsEndpoint: `http://127.0.0.1:${ports.aws}`,
    batchEndpoint: `http://127.0.0.1:${ports.batch}`,
    region: REGION,
  };
  return {
    ...endpoints,
    stateDir,
    accountId: ACCOUNT_ID,
    owner: () => {
      const owner = readRecord(stateDir)?.owner;
      return owner === undefined ? undefined : `${owner.program} (process ${owner.pid})`;
    },
    env: stackEnvironment(endpoints),
    deploy: (deployOptions) => deploy(stateDir, endpoints, deployOptions),
    invoke: (functionName, payload) => invokeFunction(endpoints.awsEndpoint, functionName, payload),
    stop: () => stopStack(stateDir),
    kill: async () => {
      const pids = Object.values(readRecord(stateDir)?.pids ?? {});
      await Promise.all(pids.map((pid) => endLeftGroup(pid, stateDir)));
    },
    restart: async () => {
      if (runningPids(stateDir, readRecord(stateDir)).length > 0) await stopStack(stateDir);
      await launchAlone(stateDir, options);
    },
  };
}

/**
 * Starts a local stack and waits until it answers. It resumes what a crashed stack left in this state: its data, its
 * ports, its running Batch jobs.
 * @throws {MillraceError} if a stack is already running with this state, or can't start
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const stateDir = path.resolve(options.stateDir ?? DEFAULT_STATE_DIR);
  return stackOf(stateDir, await launchAlone(stateDir, options), options);
}

/** The running stack of a state folder; undefined if there is none, or only one whose owner was killed. */
export function attachStack(stateDir: string = DEFAULT_STATE_DIR): Stack | undefined {
  const folder = path.resolve(stateDir);
  const record = readRecord(folder);
  if (record === undefined || isOrphan(record) || runningPids(folder, record).length < 2) return undefined;
  return stackOf(folder, record.ports, { stateDir: folder });
}

/** Stops the stack of a state folder and removes all its state. */
export async function resetStack(stateDir: string = DEFAULT_STATE_DIR): Promise<void> {
  const folder = path.resolve(stateDir);
  await stopStack(folder);
  rmSync(folder, { recursive: true, force: true });
}
