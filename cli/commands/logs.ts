import { Command } from "commander";
import type { Graph } from "../../shared/pipeline/graph.ts";
import { type LogLevel, logLevels } from "../../shared/wording/log-line.ts";
import { UsageError } from "../errors.ts";
import { oneOf, targetOfCommand } from "../options.ts";
import type { LogFilter } from "../readers/run-log.ts";
import { graphOfRun, runNamed } from "../readers/target.ts";
import { type LogStyle, logLineJson, logLineText } from "../screens/log-line.ts";
import { checkPlace, type StepPlace, stepPlace } from "../step-place.ts";
import { setExitCode } from "./run.ts";

type Options = { step?: StepPlace; follow?: boolean; since?: number; level: LogLevel; json?: boolean };

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time: ISO 8601, or how long ago. @throws MillraceError for anything else */
export function sinceTime(text: string, now = Date.now()): number {
  const [, count, unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const length = unitMs[unit];
  if (count !== undefined && length !== undefined) return now - Number(count) * length;
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new UsageError(
    `--since is "${text}"; it takes how long ago, such as 90s, 10m, 2h or 1d, or a time in ISO 8601`,
  );
}

/** Names of a run's steps, and of what ran after its end. */
function lookOf(graph: Graph): LogStyle {
  const mapped = new Set(graph.steps.filter(({ over }) => over !== undefined).map(({ name }) => name));
  const widths = graph.steps.map(({ name }) => name.length + (mapped.has(name) ? 3 : 0));
  return {
    numbers: new Map(graph.steps.map(({ name, number }) => [name, number])),
    mapped,
    width: Math.max(3, ...widths),
  };
}

/** `logs`: what a run's functions and jobs wrote. */
export function logsCommand(): Command {
  return new Command("logs")
    .argument("<run>", "id of the run, as `millrace runs` lists it")
    .option("--step <step>", "only this step, or one child of a map: train_model[3]", (text) =>
      stepPlace("--step", text),
    )
    .option("--since <time>", "only lines since a time: 90s, 10m, 2h or 1d ago, or ISO 8601", (text) =>
      sinceTime(text),
    )
    .option(
      "--level <level>",
      `only of this level or worse: ${logLevels.join(", ")}`,
      oneOf("--level", logLevels),
      "info",
    )
    .option("-f, --follow", "print new lines until the run ends")
    .option("--json", "one JSON object per line, with all fields")
    .addHelpText(
      "after",
      [
        "\nExit code: 0; with --follow 1 when the run failed or was cancelled.",
        "Functions tell what they wrote through `context.log`; jobs everything, print() included.",
        "\nExamples:",
        "  npx millrace logs 20211004T162100Z-4k7q2m9xt6bw",
        "  npx millrace logs 20211004T162100Z-4k7q2m9xt6bw --step train_model[3] --follow",
        "  npx millrace logs 20211004T162100Z-4k7q2m9xt6bw --level warn --since 1h",
      ].join("\n"),
    )
    .action(async (runId: string, options: Options, command: Command) => {
      const { step: place, follow = false, since, level, json } = options;
      const target = await targetOfCommand(command);
      const graph = await graphOfRun(target, await runNamed(target, runId));
      if (place !== undefined) {
        const steps = graph.steps.map(({ name, over }) => ({ name, mapped: over !== undefined }));
        checkPlace("--step", place, steps);
      }
      const filter: LogFilter = {
        level,
        ...(place !== undefined && { place }),
        ...(since !== undefined && { since }),
      };
      const look = lookOf(graph);
      // Loads the client of CloudWatch Logs, so that no other command has to wait for it.
      const { runLog } = await import("../readers/run-log.ts");
      const batches = runLog(target, runId, filter, follow);
      const errors = new Set<string>();
      let shownLines = 0;
      let next = await batches.next();
      while (next.done !== true) {
        for (const line of next.value)
          console.log(json === true ? logLineJson(line) : logLineText(line, look, errors));
        shownLines += next.value.length;
        next = await batches.next();
      }
      if (shownLines === 0 && json !== true) console.log(`run ${runId} has no such lines`);
      if (follow) setExitCode(next.value);
    });
}
