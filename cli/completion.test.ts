import { spawnSync } from "node:child_process";
import type { Command } from "commander";
import { completionCommand } from "./commands/completion.ts";
import { argumentsAsked, completionOf } from "./completion.ts";
import { millraceProgram } from "./program.ts";

const known = new Map([["pipeline", [{ value: "ridge-sweep", description: "pipeline" }]]]);

/** What a shell is offered for some words; the last one is still being typed. */
function told(program: Command, ...words: string[]): string[] {
  const lines: string[] = [];
  const log = jest.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  completionOf(program, known).parse(words);
  log.mockRestore();
  return lines.slice(0, -1).map((line) => line.split("\t")[0] ?? "");
}

describe("completion", () => {
  let program: Command;
  beforeAll(async () => {
    program = await millraceProgram();
  });

  test("knows every command that the help lists, and no other", () => {
    const listed = program.createHelp().visibleCommands(program);
    expect(told(program, "")).toEqual(listed.map((command) => command.name()));
    expect(told(program, "")).not.toContain("complete");
  });

  test.each([
    [["ar"], ["artifacts"]],
    [["artifacts", "g"], ["get"]],
    [["start", ""], ["ridge-sweep"]],
    [["start", "--stage", "prod", "ri"], ["ridge-sweep"]],
    [["start", "--foll"], ["--follow"]],
    [["--sta"], ["--stage"]],
    [["start", "no-such"], []],
  ])("of %j is %j", (words, expected) => {
    expect(told(program, ...words)).toEqual(expected);
  });

  test("asks for ids only where a command takes them", () => {
    expect(argumentsAsked(program, ["run", ""])).toEqual(["id"]);
    expect(argumentsAsked(program, ["--stage", "prod", "artifacts", "get", ""])).toEqual([
      "run",
      "step",
      "name",
    ]);
    expect(argumentsAsked(program, ["pipelines", ""])).toEqual([]);
    expect(argumentsAsked(program, [""])).toEqual([]);
  });
});

test("bash reads what it is given twice without a word", async () => {
  const lines: string[] = [];
  const log = jest.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  await completionCommand().parseAsync(["bash"], { from: "user" });
  log.mockRestore();
  const read = spawnSync(
    "bash",
    ["-c", 'eval "$0"; eval "$0"; type -t __millrace_complete', lines.join("\n")],
    {
      encoding: "utf8",
    },
  );
  expect({ said: read.stdout, complained: read.stderr }).toEqual({ said: "function\n", complained: "" });
});
