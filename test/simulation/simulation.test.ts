import { failureText } from "./failure-report.ts";
import { simulateMany } from "./many-seeds.ts";
import { shrink } from "./shrink.ts";
import { simulate, specOf } from "./simulation.ts";
import type { Tally } from "./tally.ts";

/** Seeds that every test run simulates, so that the engine is compared on the same runs after each change. */
const fixedSeeds = 500;
/** Seeds that no test run has seen before. */
const freshSeeds = 500;
const processes = 2;

async function liveThrough(first: number, count: number): Promise<Tally> {
  const tally = await simulateMany({ first, last: first + count - 1 }, processes, 1, () => {});
  const [failed] = tally.failed;
  if (failed === undefined) return tally;
  throw new Error(failureText((await shrink(await simulate(failed.seed))).result));
}

describe("runs under random faults", () => {
  it(`keep every promise, in ${fixedSeeds} fixed seeds`, async () => {
    const { faults, runs, kinds } = await liveThrough(1, fixedSeeds);
    expect(runs).toBe(fixedSeeds);
    expect(faults / runs).toBeGreaterThan(10);
    // Each kind of fault occurred.
    expect(Object.keys(kinds).length).toBeGreaterThan(20);
  });

  it(`keep every promise, in ${freshSeeds} fresh seeds`, async () => {
    const first = 1_000_000 + (Date.now() % 4_000_000_000);
    console.info(`fresh seeds: npm run simulate -- --seeds ${first}..${first + freshSeeds - 1}`);
    await liveThrough(first, freshSeeds);
  });
});

describe("a simulation", () => {
  it("is the same for the same seed", async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const [first, second] = [
        await simulate(seed, { traced: true }),
        await simulate(seed, { traced: true }),
      ];
      expect(second.trace).toEqual(first.trace);
      expect(second.faults).toEqual(first.faults);
    }
  });

  it("without faults ends as the oracle predicts, with each step's work done once", async () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const { violations, faults } = await simulate(seed, { only: new Set() });
      expect(violations).toEqual([]);
      expect(faults).toEqual([]);
    }
  });

  it("accepts a pipeline from another source", async () => {
    const { steps } = specOf(3);
    const { violations, state } = await simulate(3, { spec: { steps: steps.slice(0, 1) }, only: new Set() });
    expect(violations).toEqual([]);
    expect(state).toMatch(/^(SUCCEEDED|FAILED) 1$/);
  });
});
