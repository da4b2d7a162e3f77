import { Command } from "commander";
import type { RunView } from "../../shared/run/run-view.ts";
import type { RunState } from "../../shared/state/run.ts";
import { printJson, targetOfCommand } from "../options.ts";
import { followRun } from "../readers/follow-run.ts";
import { readRunView, type Target } from "../readers/target.ts";
import { runDisplay } from "../screens/run-display.ts";
import { runScreen } from "../screens/run-screen.ts";
import { terminalWidth } from "../screens/terminal-width.ts";

/**
 * Sets the exit code for the calling program: 1 if the run failed, was cancelled or timed out.
 *
 * @param wanted an end that was asked for, and that therefore doesn't count as a failure
 */
export function setExitCode({ state }: Pick<RunView, "state">, wanted?: RunState): void {
  if (state === wanted) return;
  if (state === "FAILED" || state === "CANCELLED" || state === "TIMED_OUT") process.exitCode = 1;
}

/** Shows a run until it ends, and sets the exit code accordingly. */
export async function followToEnd(
  target: Target,
  runId: string,
  { json, wanted }: { json?: boolean; wanted?: RunState } = {},
): Promise<void> {
  if (json === true) {
    const view = await followRun(target, runId, () => undefined);
    printJson(view);
    return setExitCode(view, wanted);
  }
  const display = runDisplay();
  try {
    setExitCode(await followRun(target, runId, (view) => display.show(view)), wanted);
  } finally {
    display.done();
  }
}

/** How a command that changed a run reports on it. */
export type ReportOptions = { follow?: boolean; json?: boolean };

/**
 * Prints a function's answer, as JSON or in words. If asked to follow, shows the run until it ends and sets the exit
 * code, see {@link setExitCode}.
 */
export async function reportAndFollow(
  target: Target,
  runId: string,
  { answer, message }: { answer: unknown; message: string },
  { follow, json = false }: ReportOptions,
  wanted?: RunState,
): Promise<void> {
  // A program reads only one value. If it follows the run, that value is the run itself, which includes the id.
  if (!json) console.log(message);
  else if (follow !== true) printJson(answer);
  if (follow === true) await followToEnd(target, runId, { json, ...(wanted !== undefined && { wanted }) });
}

/** `run`: one run, as it is now or until it ends. */
export function runCommand(): Command {
  return new Command("run")
    .argument("<id>", "id of the run, as `millrace runs` lists it")
    .option("-f, --follow", "keep showing the run until it ends")
    .option("--json", "as JSON, with parameters, attempts and the objects that each step made")
    .addHelpText(
      "after",
      [
        "\nExit code: 0, or 1 when the run failed or was cancelled.",
        "\nExamples:",
        "  npx millrace run 20211004T162100Z-4k7q2m9xt6bw --follow",
        "  npx millrace run 20211004T162100Z-4k7q2m9xt6bw --json | jq '.steps[].artifacts[].uri'",
      ].join("\n"),
    )
    .action(async (id: string, { follow, json }: { follow?: boolean; json?: boolean }, command: Command) => {
      const target = await targetOfCommand(command);
      if (follow === true) return followToEnd(target, id, json === undefined ? {} : { json });
      const view = await readRunView(target, id);
      if (json === true) printJson(view);
      else console.log(runScreen(view, terminalWidth()));
      setExitCode(view);
    });
}
