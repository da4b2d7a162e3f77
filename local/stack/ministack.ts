import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { type Daemon, healthy, startDaemon } from "./daemon.ts";
import { CACHE, NODE_BIN, REPOSITORY, statePaths, VENV } from "./paths.ts";

/** Settings of every MiniStack that we start: on loopback only, quiet, without the servers that nothing here uses. */
export function ministackSettings(port: number, region: string): Record<string, string> {
  return {
    TZ: "UTC",
    GATEWAY_PORT: String(port),
    BIND_HOST: "127.0.0.1",
    MINISTACK_HOST: "127.0.0.1",
    MINISTACK_REGION: region,
    LOG_LEVEL: "WARNING",
    IOT_MTLS_ENABLED: "0",
    SFTP_ENABLED: "0",
  };
}

/**
 * The environment of MiniStack and thus of the functions' workers: nothing of ours leaks in, because nothing would on
 * Lambda.
 */
function environment(stateDir: string, port: number, region: string): Record<string, string> {
  const paths = statePaths(stateDir);
  return {
    // Its workers use the `node` on its PATH: the project's own, which has the Lambda runtime's version.
    PATH: `${NODE_BIN}:${path.join(VENV, "bin")}:/usr/local/bin:/usr/bin:/bin`,
    HOME: paths.home,
    LANG: "C.UTF-8",
    ...ministackSettings(port, region),
    PERSIST_STATE: "1",
    STATE_DIR: paths.ministackState,
    S3_PERSIST: "1",
    S3_DATA_DIR: paths.ministackObjects,
    TMPDIR: paths.temporary,
    // The bundles leave out @aws-sdk/*, as they may on Lambda, whose runtime provides it.
    NODE_PATH: path.join(REPOSITORY, "node_modules"),
    NODE_OPTIONS: "--no-deprecation",
    // A worker ends by a signal and so stores nothing there, but the AWS SDK is stored by our other programs.
    NODE_COMPILE_CACHE: path.join(CACHE, "compile"),
    PYTHONUNBUFFERED: "1",
  };
}

/**
 * Starts MiniStack with this state and waits until it answers.
 * @param tied whether it ends with this process
 */
export async function startMinistack(
  stateDir: string,
  port: number,
  region: string,
  tied: boolean,
): Promise<Daemon> {
  const paths = statePaths(stateDir);
  rmSync(paths.temporary, { recursive: true, force: true });
  for (const dir of [paths.home, paths.temporary, paths.ministackState, paths.ministackObjects])
    mkdirSync(dir, { recursive: true });
  const launcher = path.join(REPOSITORY, "local", "ministack_launcher.py");
  // The state folder among the arguments shows that a recorded pid belongs to this process.
  const daemon = startDaemon(
    path.join(VENV, "bin", "python"),
    [launcher, stateDir, ...(tied ? ["--tied"] : [])],
    {
      cwd: REPOSITORY,
      tied: tied ? "itself" : undefined,
      env: environment(stateDir, port, region),
      logFile: paths.ministackLog,
    },
  );
  await healthy(`http://127.0.0.1:${port}/_ministack/health`, daemon, "MiniStack", paths.ministackLog);
  return daemon;
}
