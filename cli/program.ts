import { readFileSync } from "node:fs";
import path from "node:path";
import { Command, Help } from "commander";
import { REPOSITORY } from "../local/stack/paths.ts";
import { type CommandSource, commandSources } from "./command-list.ts";
import { UsageError } from "./errors.ts";

type Lines = CommandSource["lines"];

const nameOf = (term: string) => term.split(" ", 1)[0] ?? "";

/**
 * What help and completion need to know about commands that aren't called. Loading all of their modules takes seconds.
 */
function stubsOf(lines: Lines): Command[] {
  return lines.map(([term, description]) => {
    const [name = "", ...rest] = term.split(" ");
    const words = rest.filter((word) => word !== "[options]").join(" ");
    return new Command(name).description(description).arguments(words);
  });
}

/** The commands of a module, each with its description from the list. */
async function loaded({ lines, load }: CommandSource): Promise<Command[]> {
  const descriptions = new Map(lines.map(([term, description]) => [nameOf(term), description]));
  return (await load()).map((command) => command.description(descriptions.get(command.name()) ?? ""));
}

/** The commands that the typed words may call. Help and completion also need the others, and get them as stubs. */
async function commandsFor(words: readonly string[] | undefined): Promise<Command[]> {
  if (words?.includes("--version")) return [];
  const isCalled = ({ lines }: CommandSource) =>
    words === undefined || lines.some(([term]) => words.includes(nameOf(term)));
  const wantsAll = words?.includes("complete") || !commandSources.some(isCalled);
  const commands = commandSources.map((source) => {
    if (isCalled(source)) return loaded(source);
    return wantsAll ? stubsOf(source.lines) : [];
  });
  return (await Promise.all(commands)).flat();
}

function version(): string {
  const text = readFileSync(path.join(REPOSITORY, "package.json"), "utf8");
  // npm refuses a package without a version, so this needs no check; zod takes longer to load than `--version` may.
  return (JSON.parse(text) as { version: string }).version;
}

/** A stage's name, as it appears in the names of its resources. @throws UsageError for anything else */
function stageName(text: string): string {
  if (/^[a-z][a-z0-9-]*$/i.test(text)) return text;
  throw new UsageError(`--stage is "${text}"; it takes the name of a stage, such as prod`);
}

const terms = new Map(commandSources.flatMap(({ lines }) => lines.map(([term]) => [nameOf(term), term])));

/** How a command is typed. The list has this even if the command's options aren't loaded. */
function termOf(command: Command): string {
  const isTop = command.parent?.parent === null;
  return (isTop ? terms.get(command.name()) : undefined) ?? new Help().subcommandTerm(command);
}

/** Makes a command, and those below it, print help and errors as the program does. */
function settled(command: Command, program: Command): Command {
  for (const each of command.commands) settled(each, program);
  return command.copyInheritedSettings(program);
}

/**
 * The command line: every command and its options.
 *
 * @param words what is typed after `millrace`. Commands that the words don't name may be missing, or may be stubs, which
 *   have no options and do nothing. Without `words`, every command is complete
 */
export async function millraceProgram(words?: readonly string[]): Promise<Command> {
  const program = new Command("millrace")
    .description("Inspect pipelines and runs; start, cancel, retry and approve runs.")
    .version(version(), "--version", "print the version")
    .option("--stage <stage>", "deployed stage; local is the stack of `npm run stack`", stageName, "local")
    .option("--region <region>", "AWS region of the stage", "us-east-1")
    .option("--verbose", "print the stack of an error")
    .configureHelp({
      showGlobalOptions: true,
      helpWidth: Math.min(process.stdout.columns || 100, 100),
      subcommandTerm: termOf,
    })
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "error[USAGE]: ")) })
    .showHelpAfterError("--help says what it takes")
    .addHelpText(
      "after",
      [
        "\nExamples:",
        "  npx millrace graph ridge-sweep                      its picture",
        "  npx millrace start ridge-sweep --follow             start a run and watch it",
        "  npx millrace runs --state failed                    what failed",
        "  npx millrace runs --stage prod --region eu-west-1   the same on AWS",
        "\nExit code: 0; 1 when it could not be done, or the run that is shown did not go well; 2 for a wrong command.",
        "MILLRACE_STACK names the state folder of another local stack than .stack/.",
      ].join("\n"),
    );
  for (const command of await commandsFor(words)) {
    program.addCommand(settled(command, program));
  }
  if (words?.includes("complete")) {
    const { completeCommand } = await import("./commands/completion.ts");
    program.addCommand(completeCommand(), { hidden: true });
  }
  return program;
}
