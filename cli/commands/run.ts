import { Command } from "commander";
import type { RunView } from "../../shared/run/run-view.ts";
import { followRun, runDisplay, terminalWidth } from "../follow-run.ts";
import { printJson, targetOfCommand } from "../options.ts";
import { runScreen } from "../run-screen.ts";
import { readRunView, type Target } from "../target.ts";

/** Tells whoever called whether the run went well: 1 when it failed, was cancelled or ran out of time. */
export function setExitCode({ state }: Pick<RunView, "state">): void {
  if (state === "FAILED" || state === "CANCELLED" || state === "TIMED_OUT") process.exitCode = 1;
}

/** Shows a run until it ends, and sets the exit code by how. */
export async function followToEnd(
  target: Target,
  runId: string,
  options: { json?: boolean } = {},
): Promise<void> {
  if (options.json === true) {
    const view = await followRun(target, runId, () => undefined);
    printJson(view);
    return setExitCode(view);
  }
  const display = runDisplay();
  try {
    setExitCode(await followRun(target, runId, (view) => display.show(view)));
  } finally {
    display.done();
  }
}

/** `run`: one run, as it stands or until it ends. */
export function runCommand(): Command {
  return new Command("run")
    .description("show a run: its steps, their states, durations and errors")
    .argument("<id>", "id of the run, as `millrace runs` lists it")
    .option("-f, --follow", "go on showing it until it ends")
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
      const target = targetOfCommand(command);
      if (follow === true) return followToEnd(target, id, json === undefined ? {} : { json });
      const view = await readRunView(target, id);
      if (json === true) printJson(view);
      else console.log(runScreen(view, terminalWidth()));
      setExitCode(view);
    });
}
