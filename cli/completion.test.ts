import { spawnSync } from "node:child_process";
import type { Command } from "commander";
import { completionCommand } from "./commands/completion.ts";
import { completionOf, requestedArguments } from "./completion.ts";
import { millraceProgram } from "./program.ts";

const known = new Map([["pipeline", [{ value: "ridge-sweep", description: "pipeline" }]]]);

/** What a shell is offered for some words; the last one is still being typed. */
function completionsOf(program: Command, ...words: string[]): string[] {
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

  test("completes exactly the commands that the help lists", () => {
    const listed = program.createHelp().visibleCommands(program);
    expect(completionsOf(program, "")).toEqual(listed.map((command) => command.name()));
    expect(completionsOf(program, "")).not.toContain("complete");
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
    expect(completionsOf(program, ...words)).toEqual(expected);
  });

  test("requests run ids only for commands that take them", () => {
    expect(requestedArguments(program, ["run", ""])).toEqual(["id"]);
    expect(requestedArguments(program, ["--stage", "prod", "artifacts", "get", ""])).toEqual([
      "run",
      "step",
      "name",
    ]);
    expect(requestedArguments(program, ["pipelines", ""])).toEqual([]);
    expect(requestedArguments(program, [""])).toEqual([]);
  });
});

test("bash can source the completion script twice without output", async () => {
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
  expect({ output: read.stdout, stderr: read.stderr }).toEqual({ output: "function\n", stderr: "" });
});
