import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import * as z from "zod";
import { endGroup } from "../local/process/end.mjs";
import { healthy, startDaemon } from "../local/stack/daemon.ts";
import { freePort } from "../local/stack/ports.ts";
import { pythonEnvironment } from "./python-environment.ts";

const stopGrace = 10_000;
/** Prefect creates its tables first. On a busy machine, that takes longer than our own servers need. */
const startTimeout = 120_000;

/** One task after another, or all at once. */
export type Shape = "chain" | "map";

/** Milliseconds from the start of a flow until it returned, and until the server has all its tasks COMPLETED. */
const timesSchema = z.object({ client: z.number(), durable: z.number() });
export type PrefectTimes = z.infer<typeof timesSchema>;

/** A separate Prefect server, and a process that runs flows on it. */
export type PrefectServer = {
  run(shape: Shape, tasks: number): Promise<PrefectTimes>;
  /** Ends both, and removes everything that they stored. */
  stop(): Promise<void>;
};

/**
 * Prefect with its defaults, on SQLite and only on loopback. The web page, the sending of logs and telemetry are off,
 * which is all in its favour.
 */
function settings(folder: string, port: number, programs: string): Record<string, string> {
  return {
    PATH: `${programs}:/usr/local/bin:/usr/bin:/bin`,
    HOME: folder,
    TMPDIR: folder,
    LANG: "C.UTF-8",
    PREFECT_HOME: join(folder, "home"),
    PREFECT_PROFILES_PATH: join(folder, "profiles.toml"),
    PREFECT_API_URL: `http://127.0.0.1:${port}/api`,
    PREFECT_SERVER_ANALYTICS_ENABLED: "false",
    PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY: "false",
    PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS: "false",
    DO_NOT_TRACK: "1",
    PREFECT_SERVER_UI_ENABLED: "false",
    PREFECT_LOGGING_LEVEL: "ERROR",
    PREFECT_LOGGING_TO_API_ENABLED: "false",
  };
}

/** The process that runs flows. Each line that it gets asks for a run, and it answers with a line. */
function startFlows(python: string, env: Record<string, string>) {
  const child = execa(python, [join(import.meta.dirname, "prefect/flows.py")], {
    env,
    extendEnv: false,
    reject: false,
    stdin: "pipe",
    stderr: "inherit",
    buffer: false,
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(request: object): Promise<PrefectTimes> {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error("the process that runs Prefect's flows ended; its message is above");
      return timesSchema.parse(JSON.parse(value));
    },
    async end(): Promise<void> {
      child.kill("SIGKILL");
      await child;
    },
  };
}

/** Installs Prefect if needed, and starts its server and the process that runs flows. */
export async function startPrefect(): Promise<PrefectServer> {
  const programs = await pythonEnvironment("prefect");
  const folder = mkdtempSync(join(tmpdir(), "millrace-prefect-"));
  const port = await freePort();
  const env = settings(folder, port, programs);
  const logFile = join(folder, "server.log");
  // In the foreground, so that it's one process group, which ends as a whole.
  const server = startDaemon(
    join(programs, "prefect"),
    ["server", "start", "--host", "127.0.0.1", "--port", String(port)],
    { cwd: folder, env, tied: "kept", logFile },
  );
  let flows: ReturnType<typeof startFlows> | undefined;
  const stop = async () => {
    await flows?.end();
    await endGroup(server.pid, stopGrace);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await healthy(`http://127.0.0.1:${port}/api/health`, server, "Prefect's server", logFile, startTimeout);
    const started = startFlows(join(programs, "python"), env);
    flows = started;
    return { run: (shape, tasks) => started.ask({ shape, tasks }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
