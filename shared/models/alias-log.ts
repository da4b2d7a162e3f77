import type { AliasMove } from "../ports/model-registry.ts";

/** The version that has an alias after these moves; null if none has it. */
export function holderAfter(moves: readonly AliasMove[]): number | null {
  return moves.at(-1)?.to ?? null;
}

/**
 * The versions that had an alias, from the first to the current one, without those that it was rolled back from. Two
 * rollbacks therefore go back by two versions, and not back and forth.
 */
export function standingHolders(moves: readonly AliasMove[]): number[] {
  const holders: number[] = [];
  for (const { kind, to } of moves) {
    if (kind === "rollback") holders.pop();
    else holders.push(to);
  }
  return holders;
}

/** The rollback that took an alias from a version, if the version hasn't got it back since. */
export function rolledBackFrom(moves: readonly AliasMove[], version: number): AliasMove | undefined {
  const last = moves.findLast(
    ({ kind, from, to }) => to === version || (kind === "rollback" && from === version),
  );
  return last?.kind === "rollback" && last.from === version ? last : undefined;
}
