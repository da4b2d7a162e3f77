import { script } from "@bomb.sh/tab";
import { Command } from "commander";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { completionOf, type KnownValues, requestedArguments } from "../completion.ts";
import { UsageError } from "../errors.ts";

const shells = ["bash", "zsh", "fish"] as const;

/** Which file each shell reads its completions from. */
const installation: Readonly<Record<(typeof shells)[number], string>> = {
  bash: "npx millrace completion bash >> ~/.bashrc",
  zsh: "npx millrace completion zsh >> ~/.zshrc        (after compinit)",
  fish: "npx millrace completion fish > ~/.config/fish/completions/millrace.fish",
};

/** A path for a shell's command line. @throws MillraceError if no quotes can hold it */
function quoted(path: string): string {
  if (/^[\w./@:+-]+$/.test(path)) return path;
  if (!/["'`$\\\n]/.test(path)) return `'${path}'`;
  throw new MillraceError(
    "FILE_FORM",
    `the folder ${path} has quotes, $ or \\ in its name, which completion cannot use`,
    { remedy: "Move it to another folder." },
  );
}

/**
 * The script that a shell reads. The library can only print it, so the printed lines are collected. `readonly` is removed,
 * because Bash would refuse to set the constants again if the script is read twice.
 */
function scriptFor(shell: (typeof shells)[number], call: string): string {
  const lines: unknown[] = [];
  const print = console.log;
  console.log = (line) => lines.push(line);
  try {
    script(shell, "millrace", call);
  } finally {
    console.log = print;
  }
  return lines.join("\n").replace(/^readonly /gm, "");
}

/** `completion`: sets a shell up to complete commands, pipeline names and run ids. */
export function completionCommand(): Command {
  return new Command("completion")
    .argument("<shell>", shells.join(", "))
    .addHelpText(
      "after",
      [
        "\nSet up once:",
        ...shells.map((shell) => `  ${installation[shell]}`),
        "\nbash needs the package bash-completion, as most systems have it.",
        "It completes `millrace …`; `alias millrace='npx millrace'` makes that a command.",
      ].join("\n"),
    )
    .action((requested: string) => {
      const shell = shells.find((each) => each === requested);
      if (shell === undefined) throw new UsageError(`SHELL is "${requested}"; it takes ${shells.join(", ")}`);
      const [, entry = ""] = process.argv;
      const flag = "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON";
      console.log(scriptFor(shell, `${quoted(process.execPath)} ${flag} ${quoted(entry)}`));
    });
}

/** Max. number of run ids that are offered. */
const maxRuns = 20;
/** How many milliseconds somebody who pressed a key waits for ids. Commands and names need no stage. */
const patience = 1500;

/** The value of an option in the words that are typed so far. */
function optionIn(words: readonly string[], option: string, fallback: string): string {
  const at = words.indexOf(option);
  return (at < 0 ? undefined : words[at + 1]) ?? fallback;
}

async function recentRuns(words: readonly string[]): Promise<{ value: string; description: string }[]> {
  const stage = optionIn(words, "--stage", "local");
  const { connect } = await import("../readers/target.ts");
  const { store } = connect({ stage, region: optionIn(words, "--region", "us-east-1") });
  const { runs } = await store.listRuns({}, maxRuns);
  return runs.map(({ runId, pipeline, state }) => ({ value: runId, description: `${pipeline}, ${state}` }));
}

/**
 * The runs of the stage that the words name. Empty if the stage doesn't answer soon: completion
 * reports no errors.
 */
async function runsWithinTimeout(
  words: readonly string[],
): Promise<{ value: string; description: string }[]> {
  const late = new Promise<[]>((resolve) => setTimeout(() => resolve([]), patience).unref());
  return Promise.race([recentRuns(words).catch(() => []), late]);
}

/** Names of the arguments that take run ids; below, those that take pipeline names. */
const runArguments = ["run", "id", "what"];
const pipelineArguments = ["pipeline", "what"];

/** The pipelines of this checkout. Reading them takes as long as everything else together. */
async function pipelineNames(): Promise<{ value: string; description: string }[]> {
  const { pipelines } = await import("../../pipelines/index.ts");
  return pipelines.map(({ name }) => ({ value: name, description: "pipeline" }));
}

/**
 * `complete`: answers the shell, given the words typed so far. Hidden: only the script of `completion` calls it.
 */
export function completeCommand(): Command {
  return new Command("complete")
    .argument("[words...]")
    .allowUnknownOption()
    .action(async (words: string[], _options: object, command: Command) => {
      const program = command.parent ?? command;
      const requested = requestedArguments(program, words);
      const wants = (names: readonly string[]) => requested.some((name) => names.includes(name));
      const named = wants(pipelineArguments) ? await pipelineNames() : [];
      const runs = wants(runArguments) ? await runsWithinTimeout(words) : [];
      const known: KnownValues = new Map([
        ["pipeline", named],
        ["what", [...named, ...runs]],
        ["run", runs],
        ["id", runs],
        ["shell", shells.map((value) => ({ value, description: "" }))],
      ]);
      completionOf(program, known).parse(words);
    });
}
