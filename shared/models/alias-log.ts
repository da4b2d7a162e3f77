import type { AliasMove } from "../ports/model-registry.ts";

/** The version that has an alias after these moves; null for none. */
export function holderAfter(moves: readonly AliasMove[]): number | null {
  return moves.at(-1)?.to ?? null;
}

/**
 * The versions that had an alias, from the first to the one that has it now, without those that it was rolled back from:
 * rolling back twice goes back twice, and not to and fro.
 */
export function standingHolders(moves: readonly AliasMove[]): number[] {
  const holders: number[] = [];
  for (const { kind, to } of moves) {
    if (kind === "rollback") holders.pop();
    else holders.push(to);
  }
  return holders;
}

/** The rollback that took an alias from a version, if nobody has given it back since. */
export function rolledBackFrom(moves: readonly AliasMove[], version: number): AliasMove | undefined {
  const last = moves.findLast(
    ({ kind, from, to }) => to === version || (kind === "rollback" && from === version),
  );
  return last?.kind === "rollback" && last.from === version ? last : undefined;
}
