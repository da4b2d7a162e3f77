import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { REPOSITORY } from "../local/stack/paths.ts";
import { millraceProgram } from "./program.ts";

const script = path.join(REPOSITORY, "millrace");

/** Prints the address of each module that is loaded. */
const watch = `data:text/javascript,${encodeURIComponent(
  [
    'import { registerHooks } from "node:module";',
    'import { writeSync } from "node:fs";',
    'registerHooks({ load(url, context, next) { writeSync(2, url + "\\n"); return next(url, context); } });',
  ].join("\n"),
)}`;

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), "millrace-start-")));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(file: string, words: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(file, words, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, HOME: folder, TMPDIR: folder, ...env },
  });
  return { status, stdout, stderr };
}

/** The folders and packages that a command loads, among those that take long. */
function costsOf(...words: string[]): string[] {
  const { stderr } = run(script, words, { NODE_OPTIONS: `--import=${watch}` });
  const costs = {
    "a command": /\/cli\/commands\//,
    "the pipelines": /\/pipelines\/index\.ts$/,
    "the AWS SDK": /\/node_modules\/@aws-sdk\//,
    zod: /\/node_modules\/zod\//,
  };
  const urls = stderr.split("\n");
  expect(urls.some((url) => url.endsWith("/cli/program.ts"))).toBe(true);
  return Object.entries(costs).flatMap(([name, pattern]) =>
    urls.some((url) => pattern.test(url)) ? [name] : [],
  );
}

describe("a command loads no more than it needs:", () => {
  it.each<[string[], string[]]>([
    [["--version"], []],
    [["--help"], []],
    [["nope"], []],
    [["complete", "--", "ru"], ["a command"]],
    [
      ["runs", "--help"],
      ["a command", "zod"],
    ],
    [
      ["graph", "ridge-sweep"],
      ["a command", "the pipelines", "zod"],
    ],
  ])("%j", (words, costs) => {
    expect(costsOf(...words)).toEqual(costs);
  });
});

it("the help of the program is the same with and without the commands' modules", async () => {
  expect((await millraceProgram(["--help"])).helpInformation()).toBe(
    (await millraceProgram()).helpInformation(),
  );
});

describe("the list of commands", () => {
  it("describes each command like its module", async () => {
    const program = await millraceProgram();
    const defined = program.commands.map((each) =>
      [
        each.name(),
        ...(each.options.length > 0 ? ["[options]"] : []),
        ...each.registeredArguments.map((argument) => {
          const name = argument.variadic ? `${argument.name()}...` : argument.name();
          return argument.required ? `<${name}>` : `[${name}]`;
        }),
      ].join(" "),
    );
    const { subcommandTerm } = program.createHelp();
    expect(program.commands.map((each) => subcommandTerm(each))).toEqual(defined);
  });
});

describe("./millrace", () => {
  it("works from any folder and through a link, and leaves nothing in the home folder or the temporary one", () => {
    symlinkSync(script, path.join(folder, "linked"));
    const { status, stdout } = run(path.join(folder, "linked"), ["--version"]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(readdirSync(folder)).toEqual(["linked"]);
  });

  it("says in one line if a clone is not set up", () => {
    const copy = path.join(folder, "millrace");
    copyFileSync(script, copy);
    expect(run(copy, ["--version"])).toEqual({
      status: 1,
      stdout: "",
      stderr: `millrace: the packages of ${folder} are missing; run \`npm run setup\` there\n`,
    });
  });
});
