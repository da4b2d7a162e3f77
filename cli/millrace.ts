#!/usr/bin/env -S node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON
import { Command } from "commander";
import { graphCommand } from "./commands/graph.ts";
import { manageCommands } from "./commands/manage.ts";
import { modelsCommand } from "./commands/models.ts";
import { pipelinesCommand } from "./commands/pipelines.ts";
import { runCommand } from "./commands/run.ts";
import { runsCommand } from "./commands/runs.ts";
import { startCommand } from "./commands/start.ts";
import { errorLine } from "./errors.ts";
import type { GlobalOptions } from "./options.ts";

const program = new Command("millrace")
  .description("Look at pipelines and their runs; start, stop, repair and answer them.")
  .option("--stage <stage>", "deployed stage; local is the stack of `npm run stack`", "local")
  .option("--region <region>", "AWS region of the stage", "us-east-1")
  .option("--verbose", "print where an error comes from")
  .configureHelp({ showGlobalOptions: true })
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

const commands = [
  pipelinesCommand(),
  graphCommand(),
  runsCommand(),
  runCommand(),
  startCommand(),
  ...manageCommands(),
  modelsCommand(),
];
for (const command of commands) program.addCommand(command.copyInheritedSettings(program));

// What reads the output may have read enough, as head does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  const { stage, verbose } = program.opts<GlobalOptions>();
  console.error(verbose === true ? error : `millrace: ${errorLine(error, stage)}`);
  process.exitCode = 1;
}
