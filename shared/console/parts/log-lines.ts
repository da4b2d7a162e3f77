import { stepLabel } from "../../state/step-record.ts";
import type { LogLevel, LogLine } from "../../wording/log-line.ts";
import type { Host } from "../host/host.ts";
import { type Content, html } from "../html.ts";
import { table } from "./table.ts";
import { time } from "./time.ts";

/** Characters of a line's message that a page shows. */
const maxMessage = 2000;

/** How each level looks: a word, which has a colour if it matters. */
const levels: Readonly<Record<LogLevel, Content>> = {
  debug: "debug",
  info: "info",
  warn: html`<span class="mr-badge mr-yellow">warn</span>`,
  error: html`<span class="mr-badge mr-red">error</span>`,
};

/** Lines of logs as a table, each with its time, level, step and fields. */
export function logLines(caption: string, lines: readonly LogLine[], host: Pick<Host, "zone">): Content {
  const rows = lines.map(({ at, level, step, index, message, fields }) => [
    time(at, host),
    levels[level],
    step === undefined ? "" : stepLabel(step, index),
    html`<pre>${message.slice(0, maxMessage)}${Object.keys(fields).length > 0 && ` ${JSON.stringify(fields).slice(0, maxMessage)}`}</pre>`,
  ]);
  return table(caption, ["Time", "Level", "Step", "Line"], rows);
}
