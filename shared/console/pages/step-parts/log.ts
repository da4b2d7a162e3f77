import { stepLabel } from "../../../state/step-record.ts";
import { type LogLine, logLevels } from "../../../wording/log-line.ts";
import { type Curves, curvesOf } from "../../curves.ts";
import type { Host } from "../../host/host.ts";
import { type Content, html } from "../../html.ts";
import type { RequestOf } from "../../page-request.ts";
import { lineChart } from "../../parts/line-chart.ts";
import { logLines } from "../../parts/log-lines.ts";
import { type LogTail, maxLines } from "../../read/read-log.ts";
import { functionGaps } from "../run-tabs/log-tab.ts";

type Request = RequestOf<"step">;

/** Fields of a log that say how far a job is, the best first. Otherwise its figures are drawn over time. */
const counters = ["epoch", "iteration", "batch"];

/** The figures among a line's fields. */
function figuresOf({ fields }: LogLine): [name: string, figure: number][] {
  return Object.entries(fields).flatMap(([name, value]): [string, number][] =>
    typeof value === "number" ? [[name, value]] : [],
  );
}

/** Charts of the figures that lines have as fields: progress, losses and the like, also while a job runs. */
export function logCurves(lines: readonly LogLine[]): Curves[] {
  const measured = lines.map((line) => ({ at: line.at, figures: new Map(figuresOf(line)) }));
  const names = [...new Set(measured.flatMap(({ figures }) => [...figures.keys()]))];
  const counter = counters.find((name) => names.includes(name));
  const start = measured.find(({ figures }) => figures.size > 0)?.at ?? 0;
  const others = names.filter((name) => name !== counter);
  const rows: (number | null)[][] = [];
  for (const { at, figures } of measured) {
    const along = counter === undefined ? (at - start) / 1000 : figures.get(counter);
    // A log of several attempts goes back, and of some lines nothing says where they belong.
    const before = rows.at(-1)?.[0];
    if (along === undefined || figures.size === 0 || (typeof before === "number" && along <= before))
      continue;
    rows.push([along, ...others.map((name) => figures.get(name) ?? null)]);
  }
  return curvesOf([counter ?? "seconds", ...others], rows);
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
