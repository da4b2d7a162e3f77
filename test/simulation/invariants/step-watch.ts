import type { StoredStep } from "../../../shared/ports/run-store.ts";
import {
  hasEnded,
  isHeld,
  type StepIndex,
  type StepRecord,
  stepTransitions,
} from "../../../shared/state/step-record.ts";
import type { Violations } from "./violation.ts";

/** A record's name for people: `s1`, `s1[3]`, `s1[map]`. */
export function recordName(step: string, index: StepIndex, mapped: boolean): string {
  return mapped ? `${step}[${index}]` : step;
}

/** What the watch needs from the world. */
export type WatchedWorld = {
  readonly now: number;
  /** Max. number of milliseconds by which two clocks differ. */
  readonly skew: number;
  /** The worker whose call is being carried out. */
  readonly worker?: object | undefined;
};

/** Checks every write of a step record, and reports those that weren't allowed. */
export class StepWatch {
  readonly latest = new Map<string, StepRecord>();
  /** Results committed, by record. */
  readonly commits = new Map<string, number>();
  /** Time of the last write. */
  writtenAt = 0;
  /** For each version, its place among its record's writes. */
  private readonly versions = new Map<string, string>();
  private readonly counts = new Map<string, number>();
  writes = 0;
  /** How many of these writes were claims, commits and joins of steps. */
  stepWrites = 0;
  private readonly world: WatchedWorld;
  private readonly violations: Violations;

  constructor(world: WatchedWorld, violations: Violations) {
    this.world = world;
    this.violations = violations;
  }

  key({ runId, step, index }: Pick<StepRecord, "runId" | "step" | "index">): string {
    return `${runId}/${step}[${index}]`;
  }

  get(runId: string, step: string, index: StepIndex): StepRecord | undefined {
    return this.latest.get(this.key({ runId, step, index }));
  }

  /** Records of a run. */
  of(runId: string): StepRecord[] {
    return [...this.latest.values()].filter((record) => record.runId === runId);
  }

  /** Names a version by its place among its record's writes: the same name whenever the record went the same way. */
  nameOf(version: string): string {
    return this.versions.get(version) ?? version;
  }

  written(next: StoredStep): void {
    const key = this.key(next);
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    this.versions.set(next.version, `${key} ${count}`);
    const before = this.latest.get(key);
    this.latest.set(key, next);
    this.writtenAt = this.world.now;
    const wrong = this.mistake(before, next);
    if (wrong !== undefined) {
      const from = before === undefined ? "nothing" : `${before.state} ${before.epoch}.${before.attempt}`;
      this.violations.add(
        "legal transition",
        `${key}: ${from} → ${next.state} ${next.epoch}.${next.attempt}: ${wrong}`,
      );
    }
    if (!("output" in next)) return;
    const commits = (this.commits.get(key) ?? 0) + 1;
    this.commits.set(key, commits);
    if (commits > 1) this.violations.add("one commit", `${key} was committed ${commits} times`);
  }

  private mistake(before: StepRecord | undefined, next: StepRecord): string | undefined {
    if (before === undefined || next.epoch > before.epoch) {
      if (before !== undefined && "output" in before) return "it had succeeded in an earlier epoch";
      if (!stepTransitions.NEW.includes(next.state)) return "an epoch does not begin so";
      return next.failures > 0 ? "an epoch begins with failures" : undefined;
    }
    if (next.epoch < before.epoch) return "its epoch had passed";
    if (!stepTransitions[before.state].includes(next.state))
      return "the table of transitions does not have it";
    if (next.attempt < before.attempt) return "its attempt had passed";
    const isNextPass = (next.passes ?? 0) > (before.passes ?? 0);
    if (next.failures < before.failures && !isNextPass) return "failures were forgotten";
    return next.attempt === before.attempt ? this.sameAttempt(before, next) : this.newAttempt(before, next);
  }

  /** Checks a write within one attempt: a retry counts once, and an end counts. */
  private sameAttempt(before: StepRecord, next: StepRecord): string | undefined {
    if (next.failures > before.failures && next.state !== "RETRYING")
      return "a failure counted without a retry";
    if (next.failures > before.failures + 1) return "one failure counted more than once";
    if (before.state === "RETRYING" && !hasEnded(next)) return "a failed attempt went on";
    // A worker may release its own lease early.
    if (isHeld(before) && isHeld(next) && next.leaseUntil < before.leaseUntil) return undefined;
    if (isHeld(before) && isHeld(next))
      return this.isLive(before.leaseUntil) ? this.leaseTaken(before, next) : undefined;
    return undefined;
  }

  /** A worker that holds a submission may put it off, which replaces the worker's own lease. */
  private leaseTaken(before: StepRecord, next: StepRecord): string | undefined {
    return before.state === "SUBMITTED" && next.state === "SUBMITTED"
      ? undefined
      : "another worker's lease had not run out";
  }

  private newAttempt(before: StepRecord, next: StepRecord): string | undefined {
    if (next.attempt !== before.attempt + 1) return "an attempt was left out";
    if (!isHeld(next)) return "an attempt that is not the record's own changed it";
    if (before.state === "RETRYING") {
      return before.retryAt > this.world.now + this.world.skew ? "its retry was not due" : undefined;
    }
    if ("holder" in before && before.holder === "clock") {
      return before.wakeAt > this.world.now + this.world.skew ? "its time had not come" : undefined;
    }
    if (!isHeld(before)) return "nobody claims what is away";
    return this.isLive(before.leaseUntil) ? "another worker's lease had not run out" : undefined;
  }

  private isLive(leaseUntil: number): boolean {
    return leaseUntil > this.world.now + this.world.skew;
  }
}
