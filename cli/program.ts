import { readFileSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import * as z from "zod";
import { REPOSITORY } from "../local/stack/paths.ts";
import { UsageError } from "./errors.ts";

/** Commands of one module, in the order of the help. */
type Source = {
  readonly names: readonly string[];
  readonly load: () => Promise<Command[]>;
};

const sources: readonly Source[] = [
  {
    names: ["pipelines"],
    load: async () => [(await import("./commands/pipelines.ts")).pipelinesCommand()],
  },
  { names: ["graph"], load: async () => [(await import("./commands/graph.ts")).graphCommand()] },
  { names: ["runs"], load: async () => [(await import("./commands/runs.ts")).runsCommand()] },
  { names: ["run"], load: async () => [(await import("./commands/run.ts")).runCommand()] },
  { names: ["result"], load: async () => [(await import("./commands/result.ts")).resultCommand()] },
  { names: ["logs"], load: async () => [(await import("./commands/logs.ts")).logsCommand()] },
  { names: ["artifacts"], load: async () => [(await import("./commands/artifacts.ts")).artifactsCommand()] },
  { names: ["start"], load: async () => [(await import("./commands/start.ts")).startCommand()] },
  {
    names: ["cancel", "retry", "pause", "resume", "rerun", "tag", "approve", "limit"],
    load: async () => (await import("./commands/manage.ts")).manageCommands(),
  },
  { names: ["schedules"], load: async () => [(await import("./commands/schedules.ts")).schedulesCommand()] },
  { names: ["backfill"], load: async () => [(await import("./commands/backfill.ts")).backfillCommand()] },
  { names: ["queues"], load: async () => [(await import("./commands/queues.ts")).queuesCommand()] },
  { names: ["models"], load: async () => [(await import("./commands/models.ts")).modelsCommand()] },
  { names: ["doctor"], load: async () => [(await import("./commands/doctor.ts")).doctorCommand()] },
  { names: ["init"], load: async () => [(await import("./commands/init.ts")).initCommand()] },
  {
    names: ["completion"],
    load: async () => [(await import("./commands/completion.ts")).completionCommand()],
  },
];

/** Those that words may call: reading all of them takes half as long again as the rest of a command. */
function sourcesCalledBy(words: readonly string[]): readonly Source[] {
  if (words.includes("--version")) return [];
  const called = sources.filter(({ names }) => names.some((name) => words.includes(name)));
  // Help, a mistake, or the completion of what is being typed: all are asked for.
  return called.length === 0 || words.includes("complete") ? sources : called;
}

function version(): string {
  const text = readFileSync(path.join(REPOSITORY, "package.json"), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

/** The name of a stage, as it stands in the names of its resources. @throws UsageError for anything else */
function stageName(text: string): string {
  if (/^[a-z][a-z0-9-]*$/i.test(text)) return text;
  throw new UsageError(`--stage is "${text}"; it takes the name of a stage, such as prod`);
}

/** A command, and those below it, that tell their help and mistakes as the program does. */
function settled(command: Command, program: Command): Command {
  for (const each of command.commands) settled(each, program);
  return command.copyInheritedSettings(program);
}

/**
 * The command line: every command, with what it takes.
 *
 * @param words what is typed after `millrace`: commands that it does not name may be missing
 */
export async function millraceProgram(words: readonly string[] = []): Promise<Command> {
  const program = new Command("millrace")
    .description("Look at pipelines and their runs; start, stop, repair and answer them.")
    .version(version(), "--version", "print the version")
    .option("--stage <stage>", "deployed stage; local is the stack of `npm run stack`", stageName, "local")
    .option("--region <region>", "AWS region of the stage", "us-east-1")
    .option("--verbose", "print where an error comes from")
    .configureHelp({ showGlobalOptions: true, helpWidth: Math.min(process.stdout.columns || 100, 100) })
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "millrace: ")) })
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
  const called = sourcesCalledBy(words);
  for (const command of (await Promise.all(called.map(({ load }) => load()))).flat()) {
    program.addCommand(settled(command, program));
  }
  if (words.includes("complete")) {
    const { completeCommand } = await import("./commands/completion.ts");
    program.addCommand(completeCommand(), { hidden: true });
  }
  return program;
}
