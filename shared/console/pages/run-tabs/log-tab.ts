import { stepLabel } from "../../../state/step-record.ts";
import type { LogLevel } from "../../../wording/log-line.ts";
import type { Host } from "../../host/host.ts";
import { type Content, html } from "../../html.ts";
import { table } from "../../parts/table.ts";
import { time } from "../../parts/time.ts";
import { type LogTail, maxLines } from "../../read/read-log.ts";

/** Characters of a line's message that a page shows. */
const maxMessage = 2000;

/** How each level looks: a word, which has a colour if it matters. */
const levels: Readonly<Record<LogLevel, Content>> = {
  debug: "debug",
  info: "info",
  warn: html`<span class="mr-badge mr-yellow">warn</span>`,
  error: html`<span class="mr-badge mr-red">error</span>`,
};

/** The last lines that the run's jobs wrote. */
export function logTab({ lines, leftOut }: LogTail, counted: ReadonlySet<string>, host: Host): Content {
  const rows = lines.map(({ at, level, step, index, message, fields }) => [
    time(at, host),
    levels[level],
    step === undefined ? "" : stepLabel(step, index),
    html`<pre>${message.slice(0, maxMessage)}${Object.keys(fields).length > 0 && ` ${JSON.stringify(fields).slice(0, maxMessage)}`}</pre>`,
  ]);
  return [
    html`<p>The last ${maxLines} lines of its jobs at most.${leftOut > 0 && ` ${leftOut} earlier logs are not read.`}${counted.size > 0 && " Of large maps, only the jobs of the first failed children are read."}</p>`,
    rows.length === 0
      ? html`<p>No job has written anything.</p>`
      : table("Log of the run's jobs", ["Time", "Level", "Step", "Line"], rows),
  ];
}
