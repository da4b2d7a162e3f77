import type { Run } from "../state/run.ts";
import { isEnded, type KeptCost } from "../state/run.ts";
import { dollarsOfPrice, free, type Price, spendingPrice, sumOfPrices } from "../state/spending.ts";
import { priceList } from "./prices.ts";
import type { CostView } from "./run-cost.ts";

/** A run's cost as its record knows it, without its steps. */
export type RunCostView = CostView & {
  /** The run goes on: this is what the steps that have ended have cost. */
  soFar?: true;
};

/** What a run's joined steps have cost in all its epochs. */
function joinedPrice(run: Run): Price {
  const { done, failed, skipped } = run.progress;
  return spendingPrice(run, done.size + failed.size + skipped.size);
}

/**
 * What to keep of a run's cost at its end. It costs no read: the run has counted the price of each step that joined.
 *
 * @param unjoined the cost of the steps that ended and never joined, such as those of a cancelled run
 */
export function costToKeep(run: Run, unjoined: Price = free): KeptCost {
  const price = sumOfPrices([joinedPrice(run), unjoined]);
  return {
    epoch: run.epoch,
    dollars: dollarsOfPrice(price),
    atLeast: price.atLeast,
    prices: priceList,
  };
}

/**
 * What a run has cost, from its record alone. If the run goes on, this is the cost of the steps that have ended.
 *
 * @returns undefined if nothing was counted, because code of an older version ended the run
 */
export function costOf(run: Run): RunCostView | undefined {
  if (!isEnded(run)) {
    const price = joinedPrice(run);
    return { dollars: dollarsOfPrice(price), atLeast: true, soFar: true };
  }
  if (run.cost?.epoch !== run.epoch) return undefined;
  const { dollars, atLeast } = run.cost;
  return { dollars, atLeast };
}
