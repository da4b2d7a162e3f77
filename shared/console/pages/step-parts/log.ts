import { stepLabel } from "../../../state/step-record.ts";
import { type LogLine, logLevels } from "../../../wording/log-line.ts";
import { type Curves, curvesOf } from "../../curves.ts";
import type { Host } from "../../host/host.ts";
import { type Content, html } from "../../html.ts";
import { logFigures } from "../../log-figures.ts";
import type { RequestOf } from "../../page-request.ts";
import { lineChart } from "../../parts/line-chart.ts";
import { logLines } from "../../parts/log-lines.ts";
import { type LogTail, maxLines } from "../../read/read-log.ts";
import { functionGaps } from "../run-tabs/log-tab.ts";

type Request = RequestOf<"step">;

/** Charts of the figures that lines have as fields: progress, losses and the like, also while a job runs. */
export function logCurves(lines: readonly LogLine[]): Curves[] {
  const { columns, rows } = logFigures(lines);
  return curvesOf(columns, rows);
}

function filters(request: Request, host: Host): Content {
  return host.form({
    name: "log",
    submit: "Show",
    to: request,
    fields: [
      {
        name: "level",
        label: "Level, or above",
        value: request.level,
        options: [["", "any"], ...logLevels.map((level) => [level, level] as const)],
      },
      { name: "text", label: "With the text", value: request.text },
    ],
  });
}

/** The last lines of a step, filtered, with the figures that they have as charts, and the command for all lines. */
export function logPart({ lines, leftOut, functions, read }: LogTail, request: Request, host: Host): Content {
  const { runId, step, index, level, text } = request;
  const label = stepLabel(step, index);
  const isFiltered = level !== undefined || text !== undefined;
  const found = isFiltered
    ? `${lines.length} of the last ${read} lines match; at most ${maxLines} are shown.`
    : `The last ${lines.length} lines.`;
  return [
    filters(request, host),
    html`<p>${found}${functionGaps[functions]}${leftOut > 0 && ` ${leftOut} earlier logs are not read.`} All lines, into a file: <code>${`npx millrace logs ${runId} --step ${label} > ${step}.log`}</code></p>`,
    lines.length > 0 && logLines(`Log of ${label}`, lines, host),
    !isFiltered && logCurves(lines).map((curves) => lineChart(`${label}, from its log`, curves)),
  ];
}
