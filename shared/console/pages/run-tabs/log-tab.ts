import type { Host } from "../../host/host.ts";
import { type Content, html } from "../../html.ts";
import { logLines } from "../../parts/log-lines.ts";
import { type LogTail, maxLines } from "../../read/read-log.ts";

/** What is missing of the lines of functions, in words. */
export const functionGaps: Readonly<Record<LogTail["functions"], string | false>> = {
  all: false,
  some: " Not all lines of its functions are found: there are too many others.",
  "none, because they could not be read": " The lines of its functions could not be read.",
};

/** The last lines that the run's jobs and functions wrote. */
export function logTab(
  { lines, leftOut, functions }: LogTail,
  counted: ReadonlySet<string>,
  host: Host,
): Content {
  return [
    html`<p>The last ${maxLines} lines of its jobs and functions at most.${functionGaps[functions]}${leftOut > 0 && ` ${leftOut} earlier logs are not read.`}${counted.size > 0 && " Of large maps, only the jobs of the first failed children are read."}</p>`,
    lines.length === 0
      ? html`<p>No job or function has written anything.</p>`
      : logLines("Log of the run's jobs", lines, host),
  ];
}
