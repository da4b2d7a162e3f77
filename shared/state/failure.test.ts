import fc from "fast-check";
import { aHeldStep } from "../../test/factories.ts";
import { ExpressionError } from "../pipeline/expression.ts";
import { type RetryPolicy, retryDelay, retryPolicy } from "../pipeline/retry-policy.ts";
import { FatalError, RetryAfter } from "../pipeline/step-errors.ts";
import { decideRetry, type Failure, failureOf, fatal, lossLimit, lossLimits, storable } from "./failure.ts";
import { retrying } from "./step-changes.ts";
import { type LossCause, lossesTo, type StepRecord } from "./step-record.ts";

const policy = (limit: number, on?: string[]): RetryPolicy =>
  retryPolicy.parse({ limit, delay: [1, 2, 3], ...(on && { on }) });
const error = { name: "Busy", message: "try later" };
const failure: Failure = { error, retryable: true };
const causes = [...Object.keys(lossLimits), "memory"] as LossCause[];

describe("a value that a function threw", () => {
  it("is stored with its name, its message and where it was thrown", () => {
    const { error, retryable } = failureOf(new TypeError("no list"));
    expect(error).toMatchObject({ name: "TypeError", message: "no list" });
    expect(error.stack?.[0]).toMatch(/failure\.test/);
    expect(retryable).toBe(true);
  });

  it.each([
    ["a fatal error", new FatalError("no use"), { retryable: false }],
    ["data that does not fit", new ExpressionError("no field"), { retryable: false }],
    ["an error with the time of its retry", new RetryAfter("busy", 7), { retryable: true, retryAfter: 7000 }],
    ["an error with a retry time in the past", new RetryAfter("busy", -7), { retryAfter: 0 }],
    ["a text", "no luck", { error: { name: "Error", message: "no luck" } }],
    ["undefined", undefined, { error: { name: "Error", message: "undefined" } }],
    ["an object", { code: 7 }, { error: { name: "Error", message: '{"code":7}' } }],
    [
      "an object that looks like an error",
      { name: "Odd", message: 5 },
      { error: { name: "Odd", message: "5" } },
    ],
    ["an object that cannot be shown", Object.create(null), { error: { message: "{}" } }],
    ["an error that cannot be read", thrower(), { error: { message: "what was thrown cannot be shown" } }],
  ])("may be %s", (_what, thrown, expected) => {
    expect(failureOf(thrown)).toMatchObject(expected);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "with an invalid time (%d s) leaves the delay to the policy",
    (seconds) => {
      expect(failureOf(new RetryAfter("busy", seconds))).not.toHaveProperty("retryAfter");
    },
  );

  it("may be anything, and always fits into a record", () => {
    const odd = fc.record({ name: fc.anything(), message: fc.anything(), stack: fc.anything() });
    const thrown = fc.oneof(
      fc.anything({ withNullPrototype: true, withBigInt: true }),
      odd.map((fields) => Object.assign(new Error(), fields)),
    );
    fc.assert(
      fc.property(thrown, (each) => {
        const { error } = failureOf(each);
        expect([typeof error.name, typeof error.message]).toEqual(["string", "string"]);
        expect(JSON.stringify(error).length).toBeLessThan(20_000);
      }),
    );
  });

  it("is cut to the size of a record", () => {
    const long = {
      name: "n".repeat(9999),
      message: "m".repeat(9999),
      stack: Array(99).fill("s".repeat(9999)),
    };
    const cut = storable(long);
    expect([cut.name.length, cut.message.length, cut.stack?.length, cut.stack?.[0]?.length]).toEqual([
      100, 1000, 6, 200,
    ]);
  });
});

function thrower() {
  return {
    get message(): string {
      throw new Error("not to be read");
    },
  };
}

describe("after a failed attempt", () => {
  it("a step is retried while it has retries, with the delay of that retry", () => {
    const decide = (failures: number) => decideRetry(aHeldStep({ failures }), policy(2), failure, 1, 0.5);
    expect([0, 1, 2].map(decide)).toEqual([
      { kind: "retry", delay: 1000 },
      { kind: "retry", delay: 2000 },
      { kind: "end" },
    ]);
  });

  it("a failure that no retry can help ends the step, even if it is a loss", () => {
    const decide = (failure: Failure) => decideRetry(aHeldStep(), policy(9), failure, 1, 0.5);
    expect(decide(fatal("INVALID_INPUT", "no"))).toEqual({ kind: "end" });
    expect(decide({ ...fatal("INVALID_INPUT", "no"), lostTo: "spot" })).toEqual({ kind: "end" });
  });

  it("only listed errors are retried, if any are listed", () => {
    const decide = (on: string[]) => decideRetry(aHeldStep(), policy(1, on), failure, 1, 0.5).kind;
    expect([decide(["Busy"]), decide(["Other", "Busy"]), decide(["Other"])]).toEqual([
      "retry",
      "retry",
      "end",
    ]);
  });

  it("the failure's own delay overrides the policy's", () => {
    const late = { ...failure, retryAfter: 77_000 };
    expect(decideRetry(aHeldStep(), policy(1), late, 1, 0.5)).toEqual({ kind: "retry", delay: 77_000 });
    expect(decideRetry(aHeldStep(), policy(0), { ...late, lostTo: "spot" }, 1, 0.5)).toEqual({
      kind: "retry",
      delay: 77_000,
      lostTo: "spot",
    });
  });

  it.each(causes)("a loss to %s is retried up to its own limit, whatever errors are listed", (lostTo) => {
    const sizes = 3;
    const max = lossLimit(lostTo, sizes);
    const decide = (lost: number, failures = 0) => {
      const record = aHeldStep({ failures, losses: { [lostTo]: lost } });
      return decideRetry(record, policy(1, ["Other"]), { ...failure, lostTo }, sizes, 0.5);
    };
    expect(decide(0, 1)).toEqual({ kind: "retry", lostTo, delay: 1000 });
    expect(decide(max - 1, 1)).toMatchObject({ kind: "retry", lostTo });
    expect(decide(max)).toEqual({ kind: "end" });
  });

  it("out of memory at the largest size is a failure like any other", () => {
    const record = aHeldStep({ losses: { memory: 2 } });
    const oom: Failure = { error: { name: "OutOfMemory", message: "" }, retryable: true, lostTo: "memory" };
    expect(decideRetry(record, policy(1), oom, 3, 0.5)).toEqual({ kind: "retry", delay: 1000 });
    expect(decideRetry(aHeldStep({ ...record, failures: 1 }), policy(1), oom, 3, 0.5)).toEqual({
      kind: "end",
    });
    expect(decideRetry(record, policy(1, ["Busy"]), oom, 3, 0.5)).toEqual({ kind: "end" });
  });

  it("every step ends: its failures stay within its retries, its losses within their limits", () => {
    const failures = fc.record({
      retryable: fc.constantFrom(true, true, true, true, true, true, true, true, true, false),
      lostTo: fc.option(fc.constantFrom(...causes), { nil: undefined }),
    });
    const happening = fc.record({
      limit: fc.nat(10),
      sizes: fc.integer({ min: 1, max: 4 }),
      list: fc.array(failures, { minLength: 100, maxLength: 100 }),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(happening, ({ limit, sizes, list, random }) => {
        let record: StepRecord = aHeldStep();
        let attempts = 1;
        for (const { retryable, lostTo } of list) {
          const each: Failure = { error, retryable, ...(lostTo && { lostTo }) };
          const decision = decideRetry(record, policy(limit), each, sizes, random);
          if (decision.kind === "end") break;
          expect(decision.delay).toBeGreaterThanOrEqual(0);
          const before = record;
          record = retrying(record, error, decision.delay, decision.lostTo);
          attempts += 1;
          // Exactly one thing is counted.
          const counted = record.failures - before.failures;
          const lost = causes.map((cause) => lossesTo(record, cause) - lossesTo(before, cause));
          expect(counted + lost.reduce((sum, n) => sum + n, 0)).toBe(1);
        }
        expect(record.failures).toBeLessThanOrEqual(limit);
        for (const cause of causes)
          expect(lossesTo(record, cause)).toBeLessThanOrEqual(lossLimit(cause, sizes));
        const max = causes.reduce((sum, cause) => sum + lossLimit(cause, sizes), 1 + limit);
        expect(attempts).toBeLessThanOrEqual(max);
      }),
    );
  });

  it("the delay of a loss grows only with the losses to the same cause", () => {
    const growing = retryPolicy.parse({ limit: 0, delay: { base: 1, factor: 2 } });
    const record = aHeldStep({ failures: 5, losses: { spot: 3, image: 1 } });
    const decision = decideRetry(record, growing, { ...failure, lostTo: "image" }, 1, 0.5);
    expect(decision).toEqual({ kind: "retry", lostTo: "image", delay: retryDelay(growing, 2, 0.5) });
  });
});
