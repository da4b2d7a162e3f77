import { hashOf, Random } from "../random.ts";

/** Everything that can go wrong, by the name that the counts use. */
export const faultKinds = [
  "message duplicated",
  "message delayed",
  "message lost",
  "acknowledgement lost",
  "no worker free",
  "worker killed before a call",
  "worker killed after a call",
  "call refused",
  "answer lost",
  "call late",
  "answer late",
  "function too slow",
  "index stale",
  "job unlisted",
  "machine taken back",
  "machine taken back, job goes on",
  "out of memory",
  "job waits for a machine",
  "event duplicated",
  "event delayed",
  "event lost",
  "person cancels",
  "person cancels at a success",
  "person pauses at a success",
  "person cancels at a claim",
  "person pauses at a claim",
  "person cancels at a call",
  "person pauses at a call",
  "person pauses",
  "person retries",
  "deployment",
  "machine never starts the job",
  "job too slow",
  "job forgotten",
  "ended job forgotten",
  "object's event lost",
  "function blocks",
  "partition throttled",
  "job's function called twice",
  "job's function starts late",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** A fault that happened. */
export type Fault = {
  /** Names the decision: the same in every simulation of the same seed, whatever else happens. */
  readonly key: string;
  readonly kind: FaultKind;
  /** Virtual time. */
  readonly at: number;
};

/** How often each kind happens where it can. Kinds that are left out never happen. */
export type FaultRates = Readonly<Partial<Record<FaultKind, number>>>;

const callRate = 0.012;
/** Rates at intensity 1. */
const defaultRates: Readonly<Record<FaultKind, number>> = {
  "message duplicated": 0.12,
  "message delayed": 0.12,
  "message lost": 0.06,
  "acknowledgement lost": 0.06,
  "no worker free": 0.04,
  "worker killed before a call": callRate,
  "worker killed after a call": callRate,
  "call refused": callRate,
  "answer lost": callRate,
  "call late": callRate / 2,
  "answer late": callRate / 2,
  "function too slow": 0.03,
  "index stale": 0.1,
  "job unlisted": 0.6,
  "machine taken back": 0.03,
  "machine taken back, job goes on": 0.015,
  "out of memory": 0.02,
  "job waits for a machine": 0.06,
  "event duplicated": 0.15,
  "event delayed": 0.15,
  "event lost": 0.1,
  "person cancels": 0.15,
  // A run has many successes, and ends with its first cancel.
  "person cancels at a success": 0.04,
  "person pauses at a success": 0.08,
  "person cancels at a claim": 0.03,
  "person pauses at a claim": 0.03,
  "person cancels at a call": 0.12,
  "person pauses at a call": 0.12,
  "person pauses": 0.12,
  "person retries": 0.7,
  deployment: 0.2,
  "machine never starts the job": 0.03,
  "job too slow": 0.02,
  "job forgotten": 0.03,
  "ended job forgotten": 0.04,
  // Few pipelines wait for an object, and each waits once.
  "object's event lost": 0.8,
  "function blocks": 0.12,
  // A run makes many calls, and each of these lasts for minutes.
  "partition throttled": 0.02,
  "job's function called twice": 0.15,
  "job's function starts late": 0.08,
};

/**
 * The rates of one seed. Each seed leaves some kinds out, so that faults that hide one another also occur alone (swarm
 * testing: Groce et al., ISSTA 2012).
 */
export function ratesFor(random: Random): FaultRates {
  const intensity = random.pick([0, 0.5, 1, 1, 1, 2, 2, 4, 4]);
  const rates: Partial<Record<FaultKind, number>> = {};
  for (const kind of faultKinds) {
    if (random.chance(0.75)) rates[kind] = Math.min(0.9, defaultRates[kind] * intensity);
  }
  return rates;
}

/** Calls that change something, or that decide what is changed next. */
const focusable = [
  "store.putStep",
  "store.createRun",
  "store.joinRun",
  "store.openTally",
  "store.joinTally",
  "store.moveRun",
  "store.admitRun",
  "store.endRun",
  "store.closeRun",
  "store.reopenRun",
  "store.setWanters",
  "queue.send",
  "batch.submit",
  "batch.findByName",
  "batch.describe",
  "batch.terminate",
  "objects.put",
  "objects.putIfAbsent",
  "objects.copy",
  "publications.record",
  "cache.get",
  "cache.put",
  "waiters.add",
  "waiters.remove",
  "backfills.put",
  "notifier.send",
] as const;

/** A call, as `port.method`, at which a seed's faults are more likely. */
export type Focus = (typeof focusable)[number];

/** The share of places that meet a fault where it's likeliest. */
const maxRate = 0.8;

/** How many times likelier a fault is at the call on which a seed focuses. */
export const focusFactor = 12;

/**
 * The call on which a seed focuses, if it does. Some mistakes need a fault at one particular call, and then a second
 * fault. If all calls are equally likely to meet one, that takes many seeds.
 */
export function focusFor(random: Random): Focus | undefined {
  return random.chance(0.5) ? random.pick(focusable) : undefined;
}

/** The options of a fault plan. */
export type FaultOptions = {
  readonly seed: number;
  readonly rates: FaultRates;
  readonly focus?: Focus | undefined;
  /** No fault happens after this virtual time. */
  readonly until: number;
  /** Max. number of milliseconds by which a worker's clock is off. */
  readonly skew: number;
  /** Only decisions with these keys may be faults, to make a failing case smaller. */
  readonly only?: ReadonlySet<string>;
};

/**
 * Decides where faults happen. Each decision follows from the seed and its own key, so one fault can be left out while
 * the others stay where they are.
 */
export class FaultPlan {
  readonly faults: Fault[] = [];
  private readonly options: FaultOptions;

  constructor(options: FaultOptions) {
    this.options = options;
  }

  /** When the last fault happened, in virtual time; 0 if there was none. */
  get lastAt(): number {
    return this.faults.at(-1)?.at ?? 0;
  }

  /** Whether the seed focuses on a call. */
  focusesOn(port: string, method: string): boolean {
    return this.options.focus === `${port}.${method}`;
  }

  /** Whether clocks differ. */
  get skewed(): boolean {
    return this.options.skew > 0;
  }

  /** How many milliseconds a worker's clock is ahead. */
  skewFor(key: string): number {
    const { skew } = this.options;
    return skew === 0 ? 0 : this.drawsFor(`${key}/clock`).between(-skew, skew);
  }

  /** Draws that belong to a key, for other decisions at the same place. */
  drawsFor(key: string): Random {
    return new Random(hashOf(this.options.seed, key));
  }

  /**
   * Which of some faults happens at a place, if any.
   *
   * @param draw uniform in [0, 1), drawn for the key
   * @param danger how many times likelier a fault is here. No place meets more than {@link maxRate}
   */
  decide(
    key: string,
    kinds: readonly FaultKind[],
    draw: number,
    now: number,
    danger = 1,
  ): FaultKind | undefined {
    const { rates, until, only } = this.options;
    if (now > until) return undefined;
    const sum = kinds.reduce((total, kind) => total + (rates[kind] ?? 0), 0);
    // If the sum exceeds what is possible, all kinds keep their shares of it.
    const scale = Math.max(1, Math.min(danger, maxRate / sum));
    let left = draw / scale;
    for (const kind of kinds) {
      const rate = rates[kind] ?? 0;
      if (left < rate) {
        if (only !== undefined && !only.has(key)) return undefined;
        this.faults.push({ key, kind, at: now });
        return kind;
      }
      left -= rate;
    }
    return undefined;
  }
}
