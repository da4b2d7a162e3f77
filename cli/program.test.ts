import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { REPOSITORY } from "../local/stack/paths.ts";
import { pipelines } from "../pipelines/index.ts";
import { millraceProgram } from "./program.ts";

const namesOf = async (...words: string[]) =>
  (await millraceProgram(words)).commands.map((command) => command.name());

describe("the program", () => {
  it("has the same command when only that command is loaded", async () => {
    const all = await namesOf();
    const called = await Promise.all(all.map(async (name) => (await namesOf(name)).includes(name)));
    expect(all.filter((_, place) => !called[place])).toEqual([]);
  });

  it("doesn't load the other commands", async () => {
    expect(await namesOf("--stage", "prod", "runs", "--state", "failed")).toEqual(["runs"]);
    expect(await namesOf("--version")).toEqual([]);
  });

  it.each([[["nope"]], [["--help"]], [["help"]], [[]]])("has all commands for %j", async (words) => {
    expect(await namesOf(...words)).toEqual(await namesOf());
  });

  it("completes commands that are only partly typed", async () => {
    expect(await namesOf("complete", "--", "run", "")).toEqual([...(await namesOf()), "complete"]);
  });
});

type Named = readonly [words: string, command: Command];

/** Every command that people see, with the words that lead to it. */
function commandsOf(command: Command, before: readonly string[] = []): Named[] {
  return command.commands
    .filter((each) => each.name() !== "help")
    .flatMap((each) => {
      const words = [...before, each.name()];
      return [[words.join(" "), each] as const, ...commandsOf(each, words)];
    });
}

it("every command, argument and option has a description", async () => {
  const parts = commandsOf(await millraceProgram()).flatMap(([words, command]) => [
    [words, command.description()],
    ...command.registeredArguments.map((each) => [`${words} <${each.name()}>`, each.description]),
    ...command.options.map((each) => [`${words} ${each.flags}`, each.description]),
  ]);
  expect(parts.length).toBeGreaterThan(60);
  expect(parts.filter(([, description]) => description === "")).toEqual([]);
});

describe("docs/cli.md", () => {
  const page = readFileSync(path.join(REPOSITORY, "docs", "cli.md"), "utf8");
  const shown = [...page.matchAll(/^\$ npx millrace (.+)$/gm)].map(([, line = ""]) => line);
  const isOf = (line: string, words: string) => line === words || line.startsWith(`${words} `);

  it("has a section for each command and no others", async () => {
    const sections = [...page.matchAll(/^### `(.+)`$/gm)].map(([, name]) => name);
    const names = (await millraceProgram()).commands.map((each) => each.name());
    expect(sections.toSorted()).toEqual(names.toSorted());
  });

  it("shows an example of each command", async () => {
    const commands = commandsOf(await millraceProgram()).filter(([, each]) => each.commands.length === 0);
    const missing = commands.filter(([words]) => !shown.some((line) => isOf(line, words)));
    expect(missing.map(([words]) => words)).toEqual([]);
  });

  it("uses only options that exist", async () => {
    const program = await millraceProgram();
    const commands = commandsOf(program);
    const unknown = shown.flatMap((line) => {
      const called = commands.filter(([words]) => isOf(line, words)).map(([, command]) => command);
      const known = [program, ...called].flatMap(({ options }) => options);
      const used = line.replace(/"[^"]*"/g, "").match(/(?<= )--?[a-z][a-z-]*/g) ?? [];
      const unknown = used.filter(
        (flag) => !known.some(({ long, short }) => flag === long || flag === short),
      );
      return called.length === 0 || unknown.length > 0 ? [{ line, strange: unknown }] : [];
    });
    expect(unknown).toEqual([]);
  });
});

/** What an example can name: pipelines, their schedules, and the limits and queues of their runs. */
const catalogue = {
  pipelines: pipelines.map(({ name }) => name),
  schedules: pipelines.flatMap(({ name, triggers }) =>
    triggers.flatMap((each) =>
      each.kind === "cron" || each.kind === "interval" ? [`${name} ${each.name}`] : [],
    ),
  ),
  limits: pipelines.flatMap(({ name, concurrency: { maxActiveRuns, queue } }) => [
    ...(maxActiveRuns === undefined ? [] : [`pipeline/${name}`]),
    ...(queue === undefined ? [] : [`queue/${queue.name}`]),
  ]),
};

/** Names in an example that the catalogue doesn't have. A word in capitals or a run id is a placeholder. */
function namesNothing(line: string): string[] {
  const [command = "", ...rest] = line.replace(/ +#.*| {2,}.*/, "").split(" ");
  const words = rest.filter((word) => !word.startsWith("-"));
  const [first = "", second = "default"] = words;
  const known = (names: readonly string[], name: string) =>
    name === "" || /^[A-Z]+$|^…$|^\d{8}T/.test(name) || names.includes(name) ? [] : [name];
  const option = (name: string) => (rest.includes(name) ? (rest[rest.indexOf(name) + 1] ?? "") : "");
  const isPaused = rest.includes("--pause") || rest.includes("--resume");
  if (command === "start" || command === "graph") return known(catalogue.pipelines, first);
  if (command === "runs") return known(catalogue.pipelines, option("--pipeline"));
  if (command === "backfill" && first === "start") return known(catalogue.pipelines, second);
  if (command === "limit") return known(catalogue.limits, first);
  if (command === "queues" && isPaused && first !== "QUEUE")
    return known(catalogue.limits, first.includes("/") ? first : `pipeline/${first}`);
  if (command === "queues") return known(catalogue.pipelines, first);
  if (command === "schedules" && /^[a-z]/.test(first))
    return known(catalogue.schedules, `${first} ${second}`);
  return [];
}

describe("examples use only existing commands, pipelines and options", () => {
  const shownIn = (text: string) =>
    [...text.matchAll(/npx millrace ([^`|\n]+)/g)].map(([, line = ""]) => line.trim());
  const wrong = (lines: readonly string[]) => lines.filter((line) => namesNothing(line).length > 0);

  it("in the help of each command", async () => {
    let text = "";
    const program = await millraceProgram();
    for (const command of [program, ...commandsOf(program).map(([, each]) => each)]) {
      command.configureOutput({
        writeOut: (part) => {
          text += part;
        },
      });
      command.outputHelp();
    }
    expect(shownIn(text).length).toBeGreaterThan(40);
    expect(wrong(shownIn(text))).toEqual([]);
  });

  const docs = path.join(REPOSITORY, "docs");
  const pages = readdirSync(docs, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".md"),
  );
  it.each(["../README.md", ...pages])("in docs/%s", (page) => {
    expect(wrong(shownIn(readFileSync(path.join(docs, page), "utf8")))).toEqual([]);
  });

  const events = readdirSync(path.join(REPOSITORY, "events")).filter((name) => /^(manage|start)/.test(name));
  it.each(events)("in events/%s", (name) => {
    const sample = JSON.parse(readFileSync(path.join(REPOSITORY, "events", name), "utf8"));
    const { action = "start", pipeline, limit, queue } = sample;
    expect(catalogue.pipelines).toEqual(expect.arrayContaining(pipeline === undefined ? [] : [pipeline]));
    if (action === "limit") expect(catalogue.limits).toContain(limit);
    if (action === "queue") expect(catalogue.limits).toContain(`pipeline/${queue}`);
    if (action === "schedule")
      expect(catalogue.schedules).toContain(`${pipeline} ${sample.name ?? "default"}`);
  });
});
