import { styleText } from "node:util";
import { Command } from "commander";
import { wrapped } from "../../shared/wording/units.ts";
import type { Finding } from "../doctor/finding.ts";
import { printJson, targetOfCommand } from "../options.ts";
import { terminalWidth } from "../screens/terminal-width.ts";

const marks = { ok: "✓", warn: "!", fail: "✗" } as const;
const colours = { ok: "green", warn: "yellow", fail: "red" } as const;

/** One line for each finding. If a finding isn't ok, what to do follows below it. */
export function doctorScreen(found: readonly Finding[], width: number): string {
  const nameWidth = Math.max(...found.map(({ check }) => check.length)) + 2;
  const indent = nameWidth + 8;
  const lines = found.flatMap(({ check, status, says, remedy }) => {
    const [first = "", ...more] = wrapped(says, width - indent);
    const mark = styleText(colours[status], `${marks[status]} ${status.padEnd(4)}`);
    const below = [...more, ...(remedy === undefined ? [] : wrapped(`→ ${remedy}`, width - indent))];
    return [`${mark}  ${check.padEnd(nameWidth)}${first}`, ...below.map((line) => " ".repeat(indent) + line)];
  });
  const count = (wanted: Finding["status"]) => found.filter(({ status }) => status === wanted).length;
  return [...lines, "", `${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} failed`].join("\n");
}

/** `doctor`: checks whether a stage can do its work, and says what to do if it can't. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      [
        "\nNothing is changed, and nothing is started. Images and quotas are looked at on AWS only.",
        "Exit code: 0, or 1 when something failed; what is merely to be looked at does not count.",
        "\nExamples:",
        "  npx millrace doctor",
        "  npx millrace doctor --stage prod --region eu-west-1",
      ].join("\n"),
    )
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      // Loads the clients of nine services, so that no other command has to wait for them.
      const { examine } = await import("../doctor/examine.ts");
      const found = await examine(await targetOfCommand(command));
      if (json === true) printJson(found);
      else console.log(doctorScreen(found, terminalWidth()));
      if (found.some(({ status }) => status === "fail")) process.exitCode = 1;
    });
}
