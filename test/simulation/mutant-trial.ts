import { readFileSync } from "node:fs";
import { join } from "node:path";
import { simulateMany } from "./many-seeds.ts";
import { type Mutant, mutantVariables } from "./mutants.ts";
import type { FailedSeed } from "./tally.ts";

const root = join(import.meta.dirname, "..", "..");

/** A mutant's change no longer fits the engine. */
export class MutantError extends Error {
  override readonly name = "MutantError";
}

/** @throws MutantError unless the text to replace occurs exactly once */
export function mutated(text: string, { name, file, find, replace }: Mutant): string {
  const [before, after, ...others] = text.split(find);
  if (before !== undefined && after !== undefined && others.length === 0) return before + replace + after;
  const times = text.split(find).length - 1;
  throw new MutantError(`mutant "${name}": its text occurs ${times} times in ${file}; it must occur once`);
}

/**
 * Simulates seeds with a mistake in the engine until one fails: first the seed that the mutant names, then all.
 *
 * @returns a seed that failed and what it broke, or undefined if no seed failed
 */
export async function seedThatFinds(mutant: Mutant, seeds: number): Promise<FailedSeed | undefined> {
  const file = join(root, mutant.file);
  const env = {
    [mutantVariables.file]: file,
    [mutantVariables.source]: mutated(readFileSync(file, "utf8"), mutant),
  };
  const imports = [join(import.meta.dirname, "load-mutant.ts")];
  const { seed } = mutant;
  const named = seed === undefined || seed > seeds ? [] : [{ first: seed, last: seed }];
  for (const range of [...named, { first: 1, last: seeds }]) {
    const { failed } = await simulateMany(range, 1, 1, () => {}, { imports, env });
    if (failed[0] !== undefined) return failed[0];
  }
  return undefined;
}
