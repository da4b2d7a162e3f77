import { availableParallelism } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";

const schema = z.object({
  /** Folder with everything that the server keeps. */
  state: z.string().min(1),
  port: z.coerce.number().int().min(0).max(65_535).default(0),
  /** The local stack's endpoint: jobs get it, and events go there. */
  aws: z.url(),
  /** Folder that jobs run in. */
  jobs: z.string().min(1),
  /** Python environment of the jobs. */
  venv: z.string().min(1),
  /** Milliseconds between SIGTERM and SIGKILL. AWS gives 30 s. */
  grace: z.coerce.number().int().min(0).default(30_000),
  /** vCPUs of the compute environment that the queues share. */
  vcpus: z.coerce.number().int().min(1).default(availableParallelism()),
  /** Whether to create the queues and job definitions of the stage `local`. */
  provision: z.boolean().default(false),
  /** Whether to end when standard input closes, which means that the process that started this server is gone. */
  tied: z.boolean().default(false),
});

const FLAGS: readonly string[] = ["provision", "tied"];

/** Configuration of the local Batch server, from the command line. */
export type BatchConfiguration = z.output<typeof schema>;

/**
 * Reads the command line.
 * @throws with the option's name if one is missing or wrong
 */
export function readConfiguration(args: string[]): BatchConfiguration {
  const options = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [
      name,
      { type: FLAGS.includes(name) ? "boolean" : "string" } as const,
    ]),
  );
  const { values } = parseArgs({ args, options });
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `--${issue.path.join(".")}: ${issue.message}`);
  throw new Error(problems.join("\n"));
}

/** Folder with one folder for each attempt. */
export function attemptsDirectory(stateDir: string): string {
  return path.join(stateDir, "attempts");
}

/** Folder of an attempt: its pid, exit code and log. */
export function attemptDirectory(stateDir: string, taskId: string): string {
  return path.join(attemptsDirectory(stateDir), taskId);
}

/**
 * Folder for an attempt's temporary files. It is removed with the attempt, as with a container. Its path is short,
 * because programs put sockets there, and a socket's path may have at most 107 characters.
 */
export function temporaryDirectory(stateDir: string, taskId: string): string {
  return path.join(stateDir, "tmp", taskId.slice(0, 12));
}
