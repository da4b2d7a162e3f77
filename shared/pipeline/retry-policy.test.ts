import fc from "fast-check";
import { retryDelay, retryPolicy } from "./retry-policy.ts";

describe("the delay before a retry", () => {
  it("is constant for a fixed delay", () => {
    expect(retryDelay({ limit: 3, delay: 7 }, 2, 0.9)).toBe(7000);
  });

  it("follows the list and repeats its last entry", () => {
    const policy = retryPolicy.parse({ limit: 5, delay: [1, 5, 10] });
    expect([1, 2, 3, 4, 5].map((retry) => retryDelay(policy, retry, 0.5))).toEqual([
      1000, 5000, 10000, 10000, 10000,
    ]);
  });

  it("grows by the factor up to the maximum, with full jitter from zero", () => {
    const policy = retryPolicy.parse({ limit: 9, delay: { base: 2, factor: 3, max: 60 } });
    const bounds = [2, 6, 18, 54, 60, 60];
    for (const [place, bound] of bounds.entries()) {
      expect(retryDelay(policy, place + 1, 0)).toBe(0);
      expect(retryDelay(policy, place + 1, 0.5)).toBe(bound * 500);
    }
  });

  it("is never negative and never above the maximum", () => {
    const exponential = fc.record({
      base: fc.nat(900),
      factor: fc.integer({ min: 1, max: 10 }),
      max: fc.nat(900),
    });
    const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(exponential, fc.integer({ min: 1, max: 100 }), unit, (delay, retry, random) => {
        const drawn = retryDelay({ limit: 100, delay }, retry, random);
        expect(drawn).toBeGreaterThanOrEqual(0);
        expect(drawn).toBeLessThanOrEqual(delay.max * 1000);
      }),
    );
  });
});
