import path from "node:path";
import { execa } from "execa";
import { NODE_BIN, REPOSITORY } from "../../local/stack/paths.ts";

/** What a command printed, and how it ended. */
export type Said = { exitCode: number; stdout: string; stderr: string };

/** Where a user types: a folder, the state folder of the local stack to use, and the user's environment. */
export type CommandContext = { cwd: string; stack: string; env?: NodeJS.ProcessEnv };

/** Runs what a user, ana, types after `npx millrace`, in a separate process. */
export async function typed({ cwd, stack, env }: CommandContext, args: readonly string[]): Promise<Said> {
  const program = path.join(REPOSITORY, "cli", "millrace.ts");
  const {
    exitCode = -1,
    stdout,
    stderr,
  } = await execa(
    path.join(NODE_BIN, "node"),
    ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", program, ...args],
    {
      ...{ cwd, reject: false, extendEnv: env === undefined },
      env: { ...env, MILLRACE_STACK: stack, USER: "ana" },
    },
  );
  return { exitCode, stdout, stderr };
}
