import * as fc from "fast-check";
import type { AliasMove } from "../ports/model-registry.ts";
import { holderAfter, rolledBackFrom, standingHolders } from "./alias-log.ts";

const at = "2026-01-01T00:00:00.000Z";

/** Moves of an alias: a number is a version that gets it, "back" is a rollback. */
function log(...steps: readonly (number | "back")[]): AliasMove[] {
  const moves: AliasMove[] = [];
  for (const step of steps) {
    const entry = { name: "ctr", alias: "champion", number: moves.length + 1, from: holderAfter(moves), at };
    const to = step === "back" ? (standingHolders(moves).at(-2) ?? 0) : step;
    moves.push({ ...entry, to, kind: step === "back" ? "rollback" : "set", by: { person: "ada" }, why: "" });
  }
  return moves;
}

describe("the log of an alias", () => {
  it.each<[string, AliasMove[], number[]]>([
    ["no moves", log(), []],
    ["moves", log(1, 2, 3), [1, 2, 3]],
    ["a rollback", log(1, 2, 3, "back"), [1, 2]],
    ["two rollbacks, which undo two moves", log(1, 2, 3, "back", "back"), [1]],
    ["a move after a rollback", log(1, 2, "back", 4), [1, 4]],
    ["a rollback of that move", log(1, 2, "back", 4, "back"), [1]],
    ["a version that returns", log(1, 2, 1, "back"), [1, 2]],
  ])("lists the versions that still hold after %s", (_, moves, standing) => {
    expect(standingHolders(moves)).toEqual(standing);
    expect(holderAfter(moves)).toBe(standing.at(-1) ?? null);
  });

  it("ends with the current holder, and a rollback undoes exactly the last move", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 1, max: 5 }))), (wishes) => {
        let moves = log();
        for (const wish of wishes) {
          const before = standingHolders(moves);
          if (wish === null && before.length < 2) continue;
          moves = [...moves, ...log(...moves.map(stepOf), wish ?? "back").slice(-1)];
          expect(standingHolders(moves)).toEqual(wish === null ? before.slice(0, -1) : [...before, wish]);
          expect(holderAfter(moves)).toBe(standingHolders(moves).at(-1));
        }
      }),
    );
  });

  it("lists the versions that were rolled back, until they get the alias again", () => {
    expect(rolledBackFrom(log(1, 2, "back"), 2)).toMatchObject({ number: 3 });
    expect(rolledBackFrom(log(1, 2, "back"), 1)).toBeUndefined();
    expect(rolledBackFrom(log(1, 2, "back", 3), 2)).toMatchObject({ number: 3 });
    expect(rolledBackFrom(log(1, 2, "back", 2), 2)).toBeUndefined();
    expect(rolledBackFrom(log(1, 2), 2)).toBeUndefined();
    // Version 2 got the alias back when 3 was rolled back, and has kept it since.
    expect(rolledBackFrom(log(1, 2, 3, "back"), 2)).toBeUndefined();
    expect(rolledBackFrom(log(1, 2, 3, "back", "back"), 2)).toMatchObject({ number: 5 });
  });
});

function stepOf({ kind, to }: AliasMove): number | "back" {
  return kind === "rollback" ? "back" : to;
}
