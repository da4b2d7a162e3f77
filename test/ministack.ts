import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { endGroup } from "../local/process/end.mjs";
import { healthy, startDaemon } from "../local/stack/daemon.ts";
import { ministackSettings } from "../local/stack/ministack.ts";
import { REPOSITORY, VENV } from "../local/stack/paths.ts";
import { freePort } from "../local/stack/ports.ts";

const region = "us-east-1";
const stopGrace = 10_000;

/** A separate, empty MiniStack for tests, without anything deployed. */
export type Ministack = {
  /** What the constructors of AWS clients need to reach it. */
  readonly client: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  };
  /** Ends its processes and removes its folder. */
  stop(): Promise<void>;
};

/**
 * Starts a MiniStack on a free loopback port and waits until it answers. It's served as the local stack serves its own,
 * which is faster than MiniStack's own server. Unlike the local stack's, it stores nothing, because a journal would make
 * a thousand writes to one item slow.
 *
 * @param checksPermissions whether it refuses what the policies of the caller don't allow. The test's own client may do
 * everything.
 */
export async function startTestMinistack({ checksPermissions = false } = {}): Promise<Ministack> {
  const folder = mkdtempSync(path.join(tmpdir(), "millrace-test-"));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const logFile = path.join(folder, "ministack.log");
  const launcher = path.join(REPOSITORY, "local", "ministack_launcher.py");
  const daemon = startDaemon(path.join(VENV, "bin", "python"), [launcher, folder, "--in-memory", "--tied"], {
    cwd: folder,
    env: {
      PATH: `${path.join(VENV, "bin")}:/usr/local/bin:/usr/bin:/bin`,
      HOME: folder,
      TMPDIR: folder,
      ...ministackSettings(port, region),
      AUTH: String(checksPermissions),
    },
    logFile,
    tied: "itself",
  });
  const stop = async () => {
    await endGroup(daemon.pid, stopGrace);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await healthy(`${endpoint}/_ministack/health`, daemon, "MiniStack", logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    client: { endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } },
    stop,
  };
}
