import { Command } from "commander";
import { artifactsCommand } from "./commands/artifacts.ts";
import { backfillCommand } from "./commands/backfill.ts";
import { completeCommand, completionCommand } from "./commands/completion.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { graphCommand } from "./commands/graph.ts";
import { initCommand } from "./commands/init.ts";
import { logsCommand } from "./commands/logs.ts";
import { manageCommands } from "./commands/manage.ts";
import { modelsCommand } from "./commands/models.ts";
import { pipelinesCommand } from "./commands/pipelines.ts";
import { queuesCommand } from "./commands/queues.ts";
import { runCommand } from "./commands/run.ts";
import { runsCommand } from "./commands/runs.ts";
import { schedulesCommand } from "./commands/schedules.ts";
import { startCommand } from "./commands/start.ts";

const commands = [
  pipelinesCommand,
  graphCommand,
  runsCommand,
  runCommand,
  logsCommand,
  artifactsCommand,
  startCommand,
  manageCommands,
  schedulesCommand,
  backfillCommand,
  queuesCommand,
  modelsCommand,
  doctorCommand,
  initCommand,
  completionCommand,
];

/** A command, and those below it, that tell their help and mistakes as the program does. */
function settled(command: Command, program: Command): Command {
  for (const each of command.commands) settled(each, program);
  return command.copyInheritedSettings(program);
}

/** The command line: every command, with what it takes. */
export function millraceProgram(): Command {
  const program = new Command("millrace")
    .description("Look at pipelines and their runs; start, stop, repair and answer them.")
    .option("--stage <stage>", "deployed stage; local is the stack of `npm run stack`", "local")
    .option("--region <region>", "AWS region of the stage", "us-east-1")
    .option("--verbose", "print where an error comes from")
    .configureHelp({ showGlobalOptions: true })
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
        "\nMILLRACE_STACK names the state folder of another local stack than .stack/.",
      ].join("\n"),
    );
  for (const command of commands.flatMap((make) => make())) program.addCommand(settled(command, program));
  program.addCommand(completeCommand(), { hidden: true });
  return program;
}
