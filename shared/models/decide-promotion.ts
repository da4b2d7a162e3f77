import type { ModelActor, PromotionRequest } from "../pipeline/model.ts";
import type { AliasMove, MoveFigures } from "../ports/model-registry.ts";
import { holderAfter, rolledBackFrom } from "./alias-log.ts";
import { gainOf, gainText, percentText, valuesText } from "./gain.ts";

/** A version that asks for an alias, its measured figures, and the step or person that asks. */
export type Candidate = Pick<PromotionRequest, "name" | "version" | "alias"> & {
  readonly by: ModelActor;
  readonly figures: MoveFigures;
  /** Figure of the version that the candidate was measured against, on the same data. */
  readonly championValue: number | null;
};

/**
 * A gate's decision, and its reason in words and numbers. `promoted`: this same step has already promoted this version.
 */
export type Decision = { readonly kind: "promote" | "promoted" | "refuse"; readonly reason: string };

type Comparison = { readonly gain: number; readonly text: string };

function compared(figures: MoveFigures, own: number, its: number, what: string, whose: string): Comparison {
  const [a, b] = valuesText(own, its);
  const gain = gainOf(figures.better, own, its);
  return { gain, text: `${what} ${a}, ${whose} ${b}: ${gainText(gain)}` };
}

function decided({ gain, text }: Comparison, minimumGain: number): Decision {
  const enough = gain > 0 && gain >= minimumGain;
  const needed = minimumGain > 0 ? `by ${percentText(minimumGain)}` : "at all";
  if (enough) return { kind: "promote", reason: text };
  return { kind: "refuse", reason: `${text}; needs to be better ${needed}` };
}

function compareWithBase(figures: MoveFigures): Comparison {
  return compared(figures, figures.value, figures.base, figures.metric, "the base rate's");
}

/**
 * Compares the candidate as its evaluation did: with the champion of that time, or with the base rate if there was
 * none.
 */
function decideAsEvaluated({ figures, championValue, alias }: Candidate): Decision {
  const { metric, value, minimumGain } = figures;
  const comparison =
    championValue === null
      ? compareWithBase(figures)
      : compared(figures, value, championValue, metric, `the ${alias}'s`);
  return decided(comparison, minimumGain);
}

/**
 * Compares figures that were measured separately. On the same data, the figures themselves are comparable. On different
 * data, the figures divided by their base rates are. For log-loss, that's the normalised entropy of He et al.,
 * "Practical Lessons from Predicting Clicks on Ads at Facebook" (ADKDD 2014); other figures use the same idea.
 */
function compareSeparately(mine: MoveFigures, its: MoveFigures, holder: number): Comparison | undefined {
  if (mine.metric !== its.metric || mine.better !== its.better) return undefined;
  const { metric } = mine;
  if (mine.data === its.data) {
    return compared(mine, mine.value, its.value, metric, `version ${holder}'s on the same data`);
  }
  if (!(mine.base > 0 && its.base > 0)) return undefined;
  return compared(
    mine,
    mine.value / mine.base,
    its.value / its.base,
    `${metric} over the base rate's`,
    `version ${holder}'s on its own data`,
  );
}

/** Decides against a champion that the candidate wasn't measured against. */
function compareWithOther(candidate: Candidate, moves: readonly AliasMove[], holder: number): Decision {
  const { figures } = candidate;
  const its = moves.findLast((move) => move.to === holder && move.figures !== undefined)?.figures;
  const comparison = its && compareSeparately(figures, its, holder);
  const meanwhile = `version ${holder} is ${candidate.alias} now, not ${figures.against === null ? "none" : `version ${figures.against}`} as in the evaluation`;
  if (its === undefined || comparison === undefined) {
    return { kind: "refuse", reason: `${meanwhile}, and their figures do not compare; evaluate again` };
  }
  const last = moves.at(-1);
  const isRival = last?.kind === "promotion" && last.to === holder && its.against === figures.against;
  if (!isRival) {
    const { kind, reason } = decided(comparison, figures.minimumGain);
    return { kind, reason: `${meanwhile}: ${reason}` };
  }
  // Both were measured against the same champion. Each must pass the gate there, and then the better one wins by any
  // margin. If a minimum gain between them were required, the first to arrive would win.
  const gate = decideAsEvaluated(candidate);
  if (gate.kind === "refuse") return gate;
  const { kind, reason } = decided(comparison, 0);
  return { kind, reason: `${meanwhile}: ${reason}` };
}

/**
 * Whether a candidate gets an alias, given all moves of the alias so far. Pure.
 *
 * A version that a person has rolled back from gets the alias again only by hand.
 */
export function decidePromotion(candidate: Candidate, moves: readonly AliasMove[]): Decision {
  const { version, alias, by, figures } = candidate;
  const own = moves.find((move) => move.kind === "promotion" && move.to === version && isSame(move.by, by));
  if (own !== undefined) return { kind: "promoted", reason: own.why };
  const holder = holderAfter(moves);
  if (holder === version) return { kind: "refuse", reason: `version ${version} is ${alias} already` };
  const rollback = rolledBackFrom(moves, version);
  if (rollback !== undefined) {
    return {
      kind: "refuse",
      reason: `version ${version} was rolled back from at ${rollback.at} (${rollback.why}); only a person gives it the alias again`,
    };
  }
  if (holder !== null) {
    // By now, the champion may be worse than no model at all. Then a candidate that beats it may still be useless.
    const overBase = compareWithBase(figures);
    if (overBase.gain <= 0) return decided(overBase, 0);
  }
  if (holder === null || holder === figures.against) return decideAsEvaluated(candidate);
  return compareWithOther(candidate, moves, holder);
}

function isSame(a: ModelActor, b: ModelActor): boolean {
  if ("person" in a || "person" in b) return false;
  return a.runId === b.runId && a.step === b.step && a.index === b.index;
}
