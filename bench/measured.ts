import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";

const root = join(import.meta.dirname, "..");

const taken = z.object({
  seconds: z.number(),
  cpuSeconds: z.number(),
  peakBytes: z.number(),
  output: z.string(),
});

/** What a process used from its start to its end, with its standard output. */
export type Taken = z.infer<typeof taken>;

/**
 * Runs a command to its end, with `env` in addition to this process's environment.
 *
 * @throws with its output if it fails
 */
export async function measured(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Taken> {
  const python = join(root, ".venv/bin/python");
  const { stdout } = await execa(python, [join(root, "bench/measured.py"), ...command], { cwd: root, env });
  return taken.parse(JSON.parse(stdout));
}
