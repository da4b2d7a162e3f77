import { increments, type Price, type Spending } from "../../state/spending.ts";

/** The additions of a write that count a price, each as `attribute :value`, and their values. */
export type SpendingWrite = {
  readonly adds: readonly string[];
  readonly values: Readonly<Record<string, number>>;
};

/** The additions for an amount of each field. */
function additions(amounts: Spending): SpendingWrite {
  const fields = Object.entries(amounts);
  return {
    adds: fields.map(([field]) => `${field} :${field}`),
    values: Object.fromEntries(fields.map(([field, amount]) => [`:${field}`, amount])),
  };
}

/**
 * What a write adds to a run or a tally for a member of this price. DynamoDB adds exactly, whatever the order. If the
 * price is of no member, the number of priced members stays.
 */
export function spendingWrite(price: (Price & { readonly isMember?: boolean }) | undefined): SpendingWrite {
  const { priced, ...amounts } = increments(price);
  const counts = priced !== undefined && price?.isMember !== false;
  return additions({ ...amounts, ...(counts && { priced }) });
}
