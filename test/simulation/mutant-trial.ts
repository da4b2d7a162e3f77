import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulateMany } from "./many-seeds.ts";
import type { Mutant } from "./mutants.ts";
import type { FailedSeed } from "./tally.ts";

const root = join(import.meta.dirname, "..", "..");

/** A mutant's change does not fit the engine any more. */
export class MutantError extends Error {
  override readonly name = "MutantError";
}

/** @throws MutantError unless the text to be replaced occurs exactly once */
export function mutated(text: string, { name, file, find, replace }: Mutant): string {
  const [before, after, ...others] = text.split(find);
  if (before !== undefined && after !== undefined && others.length === 0) return before + replace + after;
  const times = text.split(find).length - 1;
  throw new MutantError(`mutant "${name}": its text occurs ${times} times in ${file}; it must occur once`);
}

/**
 * Lives seeds through with a mistake in the engine, in a copy of it, until one fails.
 *
 * @returns the first seed that failed and what it broke, or undefined when none of the seeds did
 */
export async function firstSeedThatFinds(mutant: Mutant, seeds: number): Promise<FailedSeed | undefined> {
  const copy = mkdtempSync(join(tmpdir(), "millrace-mutant-"));
  try {
    mkdirSync(join(copy, "test"));
    for (const folder of ["shared", "test/simulation"])
      cpSync(join(root, folder), join(copy, folder), { recursive: true });
    for (const file of ["package.json", "tsconfig.json"]) cpSync(join(root, file), join(copy, file));
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    const file = join(copy, mutant.file);
    writeFileSync(file, mutated(readFileSync(file, "utf8"), mutant));
    const worker = join(copy, "test/simulation/seed-worker.ts");
    const { failed } = await simulateMany({ first: 1, last: seeds }, 1, 1, () => {}, worker);
    return failed[0];
  } finally {
    rmSync(copy, { recursive: true });
  }
}
