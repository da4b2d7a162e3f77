import { existsSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import * as z from "zod";
import type { ConsoleAnswer } from "../../shared/console/finish-page.ts";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { bytesText } from "../../shared/wording/units.ts";
import { fileText } from "../console/document.ts";
import { targetOfCommand } from "../options.ts";

/** What the function `console` answers. */
const answered: z.ZodType<Exclude<ConsoleAnswer, string>> = z.object({ title: z.string(), html: z.string() });

/** Writes a new file. @throws MillraceError if it exists or can't be written */
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: "wx" });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MillraceError("FILE_NOT_WRITTEN", `--output is "${file}", which cannot be written: ${reason}`);
  }
}

/** `export`: the pages of a run as one file that needs no console, for a ticket or an e-mail. */
export function exportCommand(): Command {
  return new Command("export")
    .argument("<run>", "id of the run")
    .option("-o, --output <file>", "the file to write (default: the run's id with .html)")
    .addHelpText(
      "after",
      [
        "\nThe file has the run's tabs and the pages of its steps, as the console shows them. It contains no script and",
        "loads nothing. It has parameters, results and the ends of logs: look at it before you send it to others.",
        "\nExamples:",
        "  npx millrace export 20211004T162100Z-4k7q2m9xt6bw",
        "  npx millrace export 20211004T162100Z-4k7q2m9xt6bw --stage prod -o run.html",
      ].join("\n"),
    )
    .action(async (runId: string, { output }: { output?: string }, command: Command) => {
      const file = output ?? `${runId}.html`;
      if (existsSync(file)) throw new MillraceError("FILE_EXISTS", `${file} already exists`);
      const { runNamed } = await import("../readers/target.ts");
      const target = await targetOfCommand(command);
      await runNamed(target, runId);
      const request = { export: runId, loopback: { token: "", kept: {} } };
      const text = fileText(answered.parse(await target.invoke("console", request)));
      writeNew(file, text);
      console.log(`wrote ${file} (${bytesText(Buffer.byteLength(text))})`);
    });
}
