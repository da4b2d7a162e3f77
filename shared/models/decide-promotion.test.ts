import * as fc from "fast-check";
import type { ModelActor } from "../pipeline/model.ts";
import type { AliasMove, MoveFigures } from "../ports/model-registry.ts";
import { holderAfter } from "./alias-log.ts";
import { type Candidate, decidePromotion } from "./decide-promotion.ts";

const step = (runId: string): ModelActor => ({ runId, step: "promote", index: 0 });
const at = "2026-01-01T00:00:00.000Z";
const gate = { metric: "logLoss", better: "lower", minimumGain: 0.001 } as const;

function figuresOf(value: number, more: Partial<MoveFigures> = {}): MoveFigures {
  return { ...gate, value, base: 0.4532, against: null, data: "october", ...more };
}

/** Version `version`, measured against a champion whose figure is `championValue`. */
function candidate(
  version: number,
  value: number,
  championValue: number | null = null,
  more: Partial<MoveFigures> = {},
): Candidate {
  const figures = figuresOf(value, more);
  return { name: "ctr", version, alias: "champion", by: step(`run-${version}`), figures, championValue };
}

function move(number: number, to: number, more: Partial<AliasMove> = {}): AliasMove {
  const entry = { name: "ctr", alias: "champion", number, to, from: null, at, why: `why ${to}` } as const;
  return { ...entry, kind: "promotion", by: step(`run-${to}`), ...more };
}

describe("a first version", () => {
  it("gets the alias if it beats the base rate by the minimum gain", () => {
    expect(decidePromotion(candidate(1, 0.3993), [])).toEqual({
      kind: "promote",
      reason: "logLoss 0.3993, the base rate's 0.4532: better by 12 %",
    });
  });

  it("is refused if it doesn't", () => {
    expect(decidePromotion(candidate(1, 0.4531), [])).toEqual({
      kind: "refuse",
      reason: "logLoss 0.4531, the base rate's 0.4532: better by 0.022 %; needs to be better by 0.1 %",
    });
  });

  it("with a metric that is better the higher it is must beat a base rate of 0", () => {
    const r2 = { metric: "r2", better: "higher", base: 0 } as const;
    expect(decidePromotion(candidate(1, 0.9469, null, r2), []).kind).toBe("promote");
    expect(decidePromotion(candidate(1, -0.1, null, r2), []).kind).toBe("refuse");
  });
});

describe("a version that was compared with the champion", () => {
  const champion = [move(1, 3, { figures: figuresOf(0.3993) })];
  it.each([
    [0.395, "promote", "logLoss 0.3950, the champion's 0.3993: better by 1.1 %"],
    [0.4012, "refuse", "logLoss 0.4012, the champion's 0.3993: worse by 0.48 %; needs to be better by 0.1 %"],
    [
      0.3991,
      "refuse",
      "logLoss 0.3991, the champion's 0.3993: better by 0.05 %; needs to be better by 0.1 %",
    ],
    [0.3993, "refuse", "logLoss 0.3993, the champion's 0.3993: the same; needs to be better by 0.1 %"],
    [
      0.39929,
      "refuse",
      "logLoss 0.39929, the champion's 0.39930: better by 0.0025 %; needs to be better by 0.1 %",
    ],
  ])("with %d is decided by how much better it is: %s", (value, kind, reason) => {
    expect(decidePromotion(candidate(4, value, 0.3993, { against: 3 }), champion)).toEqual({ kind, reason });
  });

  it("must be better at all if there is no minimum gain", () => {
    const more = { against: 3, minimumGain: 0 };
    expect(decidePromotion(candidate(4, 0.3992, 0.3993, more), champion).kind).toBe("promote");
    expect(decidePromotion(candidate(4, 0.3993, 0.3993, more), champion).reason).toBe(
      "logLoss 0.3993, the champion's 0.3993: the same; needs to be better at all",
    );
  });

  it("is refused if it is the champion itself", () => {
    const { kind, reason } = decidePromotion(candidate(3, 0.1, 0.3993, { against: 3 }), [
      move(1, 3, { by: step("another run") }),
    ]);
    expect([kind, reason]).toEqual(["refuse", "version 3 is champion already"]);
  });

  it("is decided by that comparison, whatever the champion's figures on other data were", () => {
    const lucky = [move(1, 3, { figures: figuresOf(0.1, { data: "september" }) })];
    expect(decidePromotion(candidate(4, 0.395, 0.3993, { against: 3 }), lucky).kind).toBe("promote");
  });
});

describe("a version that is no better than the base rate", () => {
  const base = { base: 0.4532 };
  it.each([
    ["there is no champion", candidate(4, 0.46, null, base), []],
    ["the champion is even worse", candidate(4, 0.46, 0.5, { ...base, against: 3 }), [move(1, 3)]],
    [
      "another champion, even worse, was promoted meanwhile",
      candidate(4, 0.46, 0.5, { ...base, against: 3 }),
      [move(1, 3), move(2, 5, { from: 3, figures: figuresOf(0.49, { against: 3 }) })],
    ],
  ])("is refused if %s", (_, asked, moves) => {
    const { kind, reason } = decidePromotion(asked, moves);
    expect(kind).toBe("refuse");
    expect(reason).toMatch(/^logLoss 0\.4600, the base rate's 0\.4532: worse by 1\.5 %; needs to be better/);
  });

  it("is refused if it is equal", () => {
    const asked = candidate(4, 0.4532, 0.5, { ...base, against: 3, minimumGain: 0 });
    expect(decidePromotion(asked, [move(1, 3)]).kind).toBe("refuse");
  });
});

describe("a version whose champion has changed since", () => {
  /** Version 5 replaced version 4. No candidate here was measured against version 5. */
  const changed = (its: Partial<MoveFigures>, value = 0.39) => [
    move(1, 3),
    move(2, 4, { from: 3 }),
    move(3, 5, { from: 4, figures: figuresOf(value, { against: 4, ...its }) }),
  ];
  const late = (value: number, more: Partial<MoveFigures> = {}) =>
    candidate(6, value, 0.41, { against: 3, ...more });

  it("is compared by the metric on the same data, with the minimum gain", () => {
    expect(decidePromotion(late(0.38), changed({}))).toEqual({
      kind: "promote",
      reason:
        "version 5 is champion now, not version 3 as in the evaluation: logLoss 0.3800, version 5's on the same data 0.3900: better by 2.6 %",
    });
    expect(decidePromotion(late(0.3899), changed({}))).toMatchObject({
      kind: "refuse",
      reason: expect.stringContaining("better by 0.026 %; needs to be better by 0.1 %"),
    });
  });

  it("is compared relative to the base rate on other data, where the metric itself would mislead", () => {
    // Its data is easier: its log-loss is lower, yet it gains less over its base rate than the champion does over its
    // own.
    const easier = late(0.38, { data: "november", base: 0.42 });
    expect(decidePromotion(easier, changed({}))).toEqual({
      kind: "refuse",
      reason:
        "version 5 is champion now, not version 3 as in the evaluation: logLoss over the base rate's 0.9048, version 5's on its own data 0.8605: worse by 5.1 %; needs to be better by 0.1 %",
    });
    const harder = late(0.4, { data: "november", base: 0.5 });
    expect(decidePromotion(harder, changed({})).kind).toBe("promote");
  });

  it.each([
    ["another metric", changed({ metric: "auc" })],
    ["a base rate of 0", changed({ data: "november", base: 0 })],
    ["a champion without figures", [move(1, 5, { kind: "set", by: { person: "ada" } })]],
  ])("is refused with %s, and must be evaluated again", (_, moves) => {
    expect(decidePromotion(late(0.1), moves)).toEqual({
      kind: "refuse",
      reason:
        "version 5 is champion now, not version 3 as in the evaluation, and their figures do not compare; evaluate again",
    });
  });
});

describe("rivals that were compared with the same champion", () => {
  const before = [move(1, 3, { figures: figuresOf(0.41) })];
  const rival = (version: number, value: number, data = "october", base = 0.45) =>
    candidate(version, value, 0.41, { against: 3, data, base });

  /** Lets candidates ask one after the other. */
  function asked(candidates: readonly Candidate[], start: readonly AliasMove[]): AliasMove[] {
    const moves = [...start];
    for (const each of candidates) {
      const { kind, reason } = decidePromotion(each, moves);
      if (kind !== "promote") continue;
      const { version: to, by, figures } = each;
      moves.push(move(moves.length + 1, to, { from: holderAfter(moves), by, why: reason, figures }));
    }
    return moves;
  }

  it("make the better one champion, in either order and by any margin", () => {
    const [a, b] = [rival(4, 0.39), rival(5, 0.38999)];
    expect(holderAfter(asked([a, b], before))).toBe(5);
    expect(holderAfter(asked([b, a], before))).toBe(5);
  });

  it("must still pass the gate", () => {
    const weak = rival(5, 0.4098);
    const moves = asked([rival(4, 0.4095), weak], before);
    expect(holderAfter(moves)).toBe(4);
    expect(decidePromotion(weak, moves).reason).toBe(
      "logLoss 0.4098, the champion's 0.4100: better by 0.049 %; needs to be better by 0.1 %",
    );
  });

  it("make the best of all that pass the gate champion, in any order and with repeats", () => {
    const bases = { october: 0.45, november: 0.5 };
    const figure = fc.record({
      value: fc.integer({ min: 380, max: 430 }).map((thousandths) => thousandths / 1000),
      data: fc.constantFrom("october" as const, "november" as const),
    });
    fc.assert(
      fc.property(
        fc.array(figure, { minLength: 1, maxLength: 6 }),
        fc.infiniteStream(fc.nat()),
        fc.boolean(),
        (figures, order, first) => {
          const start = first ? [] : before;
          const candidates = figures.map(({ value, data }, place) =>
            first
              ? candidate(10 + place, value, null, { data, base: bases[data] })
              : rival(10 + place, value, data, bases[data]),
          );
          const shuffled = [...candidates, ...candidates]
            .map((each) => ({ each, key: order.next().value ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ each }) => each);
          const holder = holderAfter(asked(shuffled, start));
          const share = ({ figures: { value, base } }: Candidate) => value / base;
          const passing = candidates.filter((each) => decidePromotion(each, start).kind === "promote");
          const best = Math.min(...passing.map(share));
          if (passing.length === 0) expect(holder).toBe(holderAfter(start));
          else expect(share(candidates.find(({ version }) => version === holder) ?? rival(0, 9))).toBe(best);
        },
      ),
    );
  });
});

describe("a repeated decision", () => {
  it("for the same step is the same, even if the alias has moved since", () => {
    const mine = candidate(4, 0.39, 0.41, { against: 3 });
    const moves = [move(1, 4), move(2, 9, { from: 4 })];
    expect(decidePromotion(mine, moves)).toEqual({ kind: "promoted", reason: "why 4" });
    const other = { ...mine, by: step("another run") };
    expect(decidePromotion(other, moves).kind).not.toBe("promoted");
  });

  it("for a version that a person rolled back is a refusal until a person gives it the alias again", () => {
    const other = { ...candidate(4, 0.1, 0.41, { against: 3 }), by: step("another run") };
    const back = [
      move(1, 3),
      move(2, 4, { from: 3 }),
      move(3, 3, { kind: "rollback", from: 4, by: { person: "ada" }, why: "calibration is off" }),
    ];
    expect(decidePromotion(other, back)).toEqual({
      kind: "refuse",
      reason: `version 4 was rolled back from at ${at} (calibration is off); only a person gives it the alias again`,
    });
    const again = [...back, move(4, 4, { kind: "set", from: 3 }), move(5, 3, { kind: "set", from: 4 })];
    expect(decidePromotion(other, again).kind).toBe("promote");
  });
});
