import * as z from "zod";

/** What a step, a child or several of them have cost. */
export type Price = {
  /** Whole billionths of a dollar: a sum of whole numbers doesn't depend on its order. */
  readonly nanodollars: number;
  /** Whether it may have cost more, because a part isn't known. */
  readonly atLeast: boolean;
};

const count = z.int().nonnegative();

/**
 * The fields in which a run or a tally counts what its ended members have cost. They grow in the write that joins a
 * member, and only if the member isn't joined yet, so each counts once.
 */
export const spendingFields = {
  /** Nanodollars. */
  spent: count.exactOptional(),
  /** Members that were joined with a price. Older code joins without one. */
  priced: count.exactOptional(),
  /** Those of them whose price is only a minimum. */
  unpriced: count.exactOptional(),
};

/** See {@link spendingFields}. */
export type Spending = { readonly spent?: number; readonly priced?: number; readonly unpriced?: number };

/** The price of what was paid for already, or of nothing. */
export const free: Price = { nanodollars: 0, atLeast: false };

/** By how much each field of a spending grows with a member of this price. */
export function increments(price: Price | undefined): Spending {
  if (price === undefined) return {};
  return { spent: price.nanodollars, priced: 1, ...(price.atLeast && { unpriced: 1 }) };
}

/** A spending with one more member. */
export function spentMore(before: Spending, price: Price | undefined): Spending {
  const added = increments(price);
  const sum = (name: keyof Spending) => {
    const by = added[name];
    return by === undefined ? before[name] : (before[name] ?? 0) + by;
  };
  const [spent, priced, unpriced] = [sum("spent"), sum("priced"), sum("unpriced")];
  return {
    ...(spent !== undefined && { spent }),
    ...(priced !== undefined && { priced }),
    ...(unpriced !== undefined && { unpriced }),
  };
}

/** What a spending comes to. @param members how many members it should have counted */
export function spendingPrice({ spent = 0, priced = 0, unpriced = 0 }: Spending, members: number): Price {
  return { nanodollars: spent, atLeast: unpriced > 0 || priced < members };
}

/** The sum of several prices. */
export function sumOfPrices(prices: readonly Price[]): Price {
  return {
    nanodollars: prices.reduce((sum, { nanodollars }) => sum + nanodollars, 0),
    atLeast: prices.some(({ atLeast }) => atLeast),
  };
}

/** A price in dollars. */
export const dollarsOfPrice = ({ nanodollars }: Price) => nanodollars / 1e9;
