import { z } from "zod";
import { JOB_STATUSES } from "./job.ts";

/** What the server does wrong on request. The real service does each of these now and then. */
export const MISBEHAVIOURS = [
  "duplicate-event",
  "reorder-events",
  "delay-event",
  "drop-event",
  "spot-interruption",
  "pull-failure",
  "out-of-memory",
  "stuck-runnable",
  "lose-submit-response",
  "throttle",
] as const;

export const misbehaviourSchema = z.object({
  kind: z.enum(MISBEHAVIOURS),
  /** Job name; `*` at its end matches any suffix. All jobs if absent. */
  jobName: z.string().optional(),
  /** Only attempts with this number, from 1. */
  attempt: z.int().min(1).optional(),
  /** Only events with this status (the four kinds that concern events). */
  status: z.enum(JOB_STATUSES).optional(),
  /** Only this operation, such as `SubmitJob` (for `throttle`). */
  operation: z.string().optional(),
  /** How often it happens before it stops; no limit if absent. */
  times: z.int().min(1).optional(),
  /** Probability that it happens on an occasion, 0 to 1; always if absent. */
  probability: z.number().min(0).max(1).optional(),
  /** Seed of the random numbers, so that a test is repeatable. */
  seed: z.int().default(1),
  /** Interrupts an attempt (Spot, memory) only after it has printed this text, however fast the machine is. */
  whenLogged: z.string().min(1).optional(),
  /**
   * Milliseconds: how late an event arrives, or how long an attempt runs (from `whenLogged` on) before it is
   * interrupted.
   */
  delayMs: z.int().min(0).default(0),
  /** How a SubmitJob's answer gets lost: with status 500, or by cutting the connection. */
  loss: z.enum(["server-error", "cut-connection"]).default("server-error"),
});

/** One rule, in the form of a request. */
export type MisbehaviourRequest = z.input<typeof misbehaviourSchema>;
export type MisbehaviourRule = z.output<typeof misbehaviourSchema>;

type ActiveRule = MisbehaviourRule & { hits: number; draws: number };

/** An event or action that a rule could apply to. */
export type Occasion = { jobName?: string; attempt?: number; status?: string; operation?: string };

/** The n-th number of a seeded sequence in [0, 1): splitmix32, chosen because it needs no state but n. */
function draw(seed: number, n: number): number {
  let z = (seed + Math.imul(n + 1, 0x9e3779b9)) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
}

function concerns(rule: MisbehaviourRule, occasion: Occasion): boolean {
  const pattern = rule.jobName;
  if (pattern !== undefined) {
    const name = occasion.jobName ?? "";
    if (pattern.endsWith("*") ? !name.startsWith(pattern.slice(0, -1)) : name !== pattern) return false;
  }
  if (rule.attempt !== undefined && rule.attempt !== occasion.attempt) return false;
  if (rule.status !== undefined && rule.status !== occasion.status) return false;
  return rule.operation === undefined || rule.operation === occasion.operation;
}

/** The active rules. `save` gets them at each change, so that they survive a restart. */
export class Misbehaviour {
  private rules: ActiveRule[];
  private readonly save: (rules: unknown) => void;

  constructor(saved: unknown, save: (rules: unknown) => void) {
    const parsed = z
      .array(misbehaviourSchema.extend({ hits: z.int(), draws: z.int() }))
      .optional()
      .parse(saved);
    this.rules = parsed ?? [];
    this.save = save;
  }

  add(rules: MisbehaviourRule[]): void {
    this.rules.push(...rules.map((rule) => ({ ...rule, hits: 0, draws: 0 })));
    this.save(this.rules);
  }

  clear(): void {
    this.rules = [];
    this.save(this.rules);
  }

  /** Rules with how often each applied. */
  list(): readonly ActiveRule[] {
    return this.rules;
  }

  /** The rule of that kind that applies now, if any; counts it. */
  strikes(kind: MisbehaviourRule["kind"], occasion: Occasion): MisbehaviourRule | undefined {
    if (this.rules.length === 0) return undefined;
    for (const rule of this.rules) {
      if (rule.kind !== kind || !concerns(rule, occasion)) continue;
      if (rule.times !== undefined && rule.hits >= rule.times) continue;
      if (rule.probability !== undefined && draw(rule.seed, rule.draws++) >= rule.probability) continue;
      rule.hits++;
      this.save(this.rules);
      return rule;
    }
    return undefined;
  }
}
