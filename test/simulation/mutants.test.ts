import { MutantError, mutated, seedThatFinds } from "./mutant-trial.ts";
import { mutants } from "./mutants.ts";

/** Each mistake must be found within this many seeds. */
const bound = 600;

describe("the simulation finds that", () => {
  it.concurrent.each(mutants.map((mutant) => [mutant.name, mutant] as const))("%s", async (_name, mutant) => {
    expect(await seedThatFinds(mutant, bound)).toMatchObject({ seed: expect.any(Number) });
  });
});

describe("a mutant", () => {
  it("with a text that is missing or occurs twice is refused", () => {
    const mutant = { name: "none", file: "a.ts", find: "x", replace: "y" };
    expect(() => mutated("abc", mutant)).toThrow(MutantError);
    expect(() => mutated("axxc", mutant)).toThrow(MutantError);
    expect(mutated("axc", mutant)).toBe("ayc");
  });
});
