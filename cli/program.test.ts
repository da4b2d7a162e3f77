import { millraceProgram } from "./program.ts";

const namesOf = async (...words: string[]) =>
  (await millraceProgram(words)).commands.map((command) => command.name());

describe("the program", () => {
  it("has every command that it has by itself when that is called", async () => {
    const all = await namesOf();
    const called = await Promise.all(all.map(async (name) => (await namesOf(name)).includes(name)));
    expect(all.filter((_, place) => !called[place])).toEqual([]);
  });

  it("does without the others", async () => {
    expect(await namesOf("--stage", "prod", "runs", "--state", "failed")).toEqual(["runs"]);
    expect(await namesOf("--version")).toEqual([]);
  });

  it.each([[["nope"]], [["--help"]], [["help"]], [[]]])("has all for %j", async (words) => {
    expect(await namesOf(...words)).toEqual(await namesOf());
  });

  it("completes commands that are not typed yet", async () => {
    expect(await namesOf("complete", "--", "run", "")).toEqual([...(await namesOf()), "complete"]);
  });
});
