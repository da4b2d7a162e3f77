import { type SimulationOptions, type SimulationResult, simulate } from "./simulation.ts";
import { smallerSpecs } from "./spec/smaller-specs.ts";

/** A failing case, made as small as possible. */
export type SmallCase = {
  readonly result: SimulationResult;
  /** How many simulations it took to make the case small. */
  readonly tries: number;
};

/** Max. number of simulations for one failing seed. */
const maxTries = 1500;

/** What decides a simulation, in addition to its seed. */
type Case = Required<Pick<SimulationOptions, "spec" | "only">>;

/** Makes one failing seed smaller: fewer faults, then a smaller pipeline, until nothing can be left out. */
class Shrinking {
  tries = 0;
  best: SimulationResult;
  private readonly rule: string;

  constructor(failing: SimulationResult) {
    this.best = failing;
    this.rule = failing.violations[0]?.rule ?? "";
  }

  /** Whether a smaller case breaks the same rule. If so, it becomes the best one. */
  private async stillFails(candidate: Case): Promise<boolean> {
    if (this.tries >= maxTries) return false;
    this.tries += 1;
    const result = await simulate(this.best.seed, candidate);
    if (result.violations[0]?.rule !== this.rule) return false;
    this.best = result;
    return true;
  }

  private get faults(): string[] {
    return [...new Set(this.best.faults.map(({ key }) => key))];
  }

  /** Delta debugging (Zeller and Hildebrandt, 2002): leaves out ever smaller parts of the faults. */
  private async fewerFaults(): Promise<boolean> {
    const before = this.faults.length;
    for (let parts = 2; this.faults.length > 0; ) {
      const all = this.faults;
      const size = Math.ceil(all.length / parts);
      let smaller = false;
      for (let first = 0; first < all.length && !smaller; first += size) {
        const only = new Set([...all.slice(0, first), ...all.slice(first + size)]);
        smaller = await this.stillFails({ spec: this.best.spec, only });
      }
      if (smaller) parts = Math.max(2, parts - 1);
      else if (size === 1) break;
      else parts = Math.min(all.length, parts * 2);
    }
    return this.faults.length < before;
  }

  private async smallerSpec(): Promise<boolean> {
    for (const spec of smallerSpecs(this.best.spec)) {
      if (await this.stillFails({ spec, only: new Set(this.faults) })) return true;
    }
    return false;
  }

  async shrink(): Promise<void> {
    for (let smaller = true; smaller; ) {
      smaller = await this.fewerFaults();
      while (await this.smallerSpec()) smaller = true;
    }
  }
}

/** Finds the smallest case that breaks the same rule as a failing seed, with a trace of what happened in it. */
export async function shrink(failing: SimulationResult): Promise<SmallCase> {
  const shrinking = new Shrinking(failing);
  await shrinking.shrink();
  const { spec, faults, seed } = shrinking.best;
  const only = new Set(faults.map(({ key }) => key));
  return { result: await simulate(seed, { spec, only, traced: true }), tries: shrinking.tries };
}
