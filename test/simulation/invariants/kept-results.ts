import { canonicalJson, type Json } from "../../../shared/pipeline/json.ts";
import type { StepRecord } from "../../../shared/state/step-record.ts";
import { makerOf } from "../spec/pure-work.ts";
import type { Violations } from "./violation.ts";

/** Checks that a result is kept for other runs before anybody can see that its step has succeeded. */
export class KeptResults {
  private readonly violations: Violations;
  /** What attempts were given, by the attempt. */
  private readonly inputs = new Map<string, string>();
  /** Since when a result exists for an input: virtual time. */
  private readonly since = new Map<string, number>();

  constructor(violations: Violations) {
    this.violations = violations;
  }

  /** A function whose results are kept begins, in a worker that began at a time. */
  begins(
    pipeline: string,
    record: Pick<StepRecord, "runId" | "step" | "epoch" | "attempt">,
    input: Json,
    begunAt: number,
  ): void {
    const key = `${pipeline} ${record.step} ${canonicalJson(input)}`;
    const since = this.since.get(key);
    if (since !== undefined && since < begunAt)
      this.violations.add(
        "a kept result is used",
        `${record.step} of ${record.runId} works again ${begunAt - since} ms after another run had its result`,
      );
    this.inputs.set(`${makerOf(record)} ${record.step}`, key);
  }

  /**
   * A step has succeeded.
   *
   * @param isKept false if AWS refused to keep its result, which costs the step nothing
   */
  succeeded(record: StepRecord, isKept: boolean, now: number): void {
    const key = this.inputs.get(`${makerOf(record)} ${record.step}`);
    if (key !== undefined && isKept && !this.since.has(key)) this.since.set(key, now);
  }
}
