import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import type { Registry } from "./commands.ts";
import * as commands from "./commands.ts";

/** Runs a command to its end, whatever its exit code. */
export type RunCommand = (command: readonly string[], input?: string) => Promise<CommandResult>;
export type CommandResult = { exitCode: number; stdout: string; stderr: string };

/** A command that had to succeed failed. */
export class CommandError extends MillraceError {
  constructor(command: readonly string[], result: CommandResult) {
    super(
      "COMMAND_FAILED",
      `"${command.join(" ")}" failed (exit code ${result.exitCode}): ${result.stderr.trim()}`,
    );
  }
}

/**
 * Makes sure that a family's image with this content is in the registry.
 *
 * @returns its digest, and whether it had to be built
 */
export async function publishImage(
  registry: Registry,
  family: string,
  tag: string,
  run: RunCommand,
): Promise<{ digest: string; built: boolean }> {
  const existing = await findDigest(registry, family, tag, run);
  if (existing !== undefined) return { digest: existing, built: false };

  const created = await run(commands.createRepository(registry, family));
  if (created.exitCode !== 0 && !created.stderr.includes("RepositoryAlreadyExistsException")) {
    throw new CommandError(commands.createRepository(registry, family), created);
  }
  const password = await must(run, commands.registryPassword(registry));
  await must(run, commands.login(registry), password);

  const build = commands.buildAndPush(registry, family, tag);
  const pushed = await run(build);
  // Two concurrent builds do no harm: the tag cannot move, so the second one uses the first one's image.
  const digest = await findDigest(registry, family, tag, run);
  if (digest === undefined) throw new CommandError(build, pushed);
  return { digest, built: pushed.exitCode === 0 };
}

async function findDigest(
  registry: Registry,
  family: string,
  tag: string,
  run: RunCommand,
): Promise<string | undefined> {
  const command = commands.findDigest(registry, family, tag);
  const result = await run(command);
  if (result.exitCode === 0) return result.stdout.trim();
  if (/ImageNotFoundException|RepositoryNotFoundException/.test(result.stderr)) return undefined;
  throw new CommandError(command, result);
}

async function must(run: RunCommand, command: readonly string[], input?: string): Promise<string> {
  const result = await run(command, input);
  if (result.exitCode !== 0) throw new CommandError(command, result);
  return result.stdout.trim();
}
