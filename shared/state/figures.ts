import type { CountedEnd } from "./counted-end.ts";
import type { Run } from "./run.ts";
import type { RunEnd } from "./run-changes.ts";

// The figures of a day count the runs of each pipeline that ended on it. The write that ends a run adds the run, and the
// write that reopens it takes it back. So the figures are always those of the runs that have ended.

/** The runs of a pipeline that ended on a day. */
export type DayFigures = {
  /** In UTC: `YYYY-MM-DD`. */
  readonly day: string;
  readonly pipeline: string;
  /** How many ended, by state. A state with none is absent. */
  readonly ends: Readonly<Record<string, number>>;
  /** For how long they were under way, all together. */
  readonly milliseconds: number;
  /** What they cost: an estimate. */
  readonly dollars: number;
  /** Whether the cost of any of them is only a minimum. */
  readonly atLeast: boolean;
};

/** By how much the figures of a day and pipeline change. An amount may be negative. */
export type FiguresChange = {
  readonly day: string;
  readonly pipeline: string;
  readonly amounts: Amounts;
};

/** Amounts by name: states, and the names in {@link sums}. */
export type Amounts = Readonly<Record<string, number>>;

/** Names of the amounts that count no state. */
const sums = ["milliseconds", "nanodollars", "unpriced"] as const;

/** The day of an ISO 8601 time in UTC. */
const dayOf = (time: string) => time.slice(0, "YYYY-MM-DD".length);

/** What the figures are to hold of a run that ends. A run that was stopped before it began was never under way. */
export function countedAt({ activeSince }: Run, { to, endedAt, cost }: RunEnd): CountedEnd {
  const since = activeSince ?? endedAt;
  return {
    day: dayOf(endedAt),
    state: to,
    milliseconds: Math.max(0, Date.parse(endedAt) - Date.parse(since)),
    nanodollars: Math.round((cost?.dollars ?? 0) * 1e9),
    atLeast: cost?.atLeast ?? true,
  };
}

function amountsOf({ state, milliseconds, nanodollars, atLeast }: CountedEnd, sign: 1 | -1): Amounts {
  return {
    [state]: sign,
    milliseconds: sign * milliseconds,
    nanodollars: sign * nanodollars,
    ...(atLeast && { unpriced: sign }),
  };
}

/** The sum of amounts, without names whose sum is 0. */
export function addedAmounts(all: readonly Amounts[]): Amounts {
  const total: Record<string, number> = {};
  for (const [name, amount] of all.flatMap((amounts) => Object.entries(amounts)))
    total[name] = (total[name] ?? 0) + amount;
  return Object.fromEntries(Object.entries(total).filter(([, amount]) => amount !== 0));
}

/**
 * How the figures change if they held one end of a run and are to hold another, at most one change for each day.
 *
 * @param before what they hold of the run, if anything
 * @param after what they are to hold of it, if anything
 */
export function figuresChanges(
  pipeline: string,
  before: CountedEnd | undefined,
  after: CountedEnd | undefined,
): FiguresChange[] {
  const parts = [
    ...(before === undefined ? [] : [{ day: before.day, amounts: amountsOf(before, -1) }]),
    ...(after === undefined ? [] : [{ day: after.day, amounts: amountsOf(after, 1) }]),
  ];
  return [...Map.groupBy(parts, ({ day }) => day)].flatMap(([day, ofDay]) => {
    const amounts = addedAmounts(ofDay.map((part) => part.amounts));
    return Object.keys(amounts).length === 0 ? [] : [{ day, pipeline, amounts }];
  });
}

/** Figures from what was counted; undefined if every run was taken back. */
export function figuresOf(day: string, pipeline: string, amounts: Amounts): DayFigures | undefined {
  const { milliseconds = 0, nanodollars = 0, unpriced = 0 } = amounts;
  const states = Object.entries(amounts).filter(([name, count]) => !isSum(name) && count !== 0);
  if (states.length === 0) return undefined;
  const ends = Object.fromEntries(states);
  return { day, pipeline, ends, milliseconds, dollars: nanodollars / 1e9, atLeast: unpriced > 0 };
}

const isSum = (name: string) => sums.some((sum) => sum === name);

/** Which figures to read: days in UTC, both included. */
export type FiguresFilter = { readonly since: string; readonly until: string; readonly pipeline?: string };

/** Orders figures by day, newest first, then by pipeline. */
export function inFiguresOrder(all: readonly DayFigures[]): DayFigures[] {
  const key = ({ pipeline }: DayFigures) => pipeline;
  return all.toSorted((a, b) => (a.day === b.day ? (key(a) < key(b) ? -1 : 1) : a.day < b.day ? 1 : -1));
}
