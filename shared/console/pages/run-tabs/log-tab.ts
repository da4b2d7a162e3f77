import type { Host } from "../../host/host.ts";
import { type Content, html } from "../../html.ts";
import { logLines } from "../../parts/log-lines.ts";
import { type LogTail, maxLines } from "../../read/read-log.ts";

/** The last lines that the run's jobs wrote. */
export function logTab({ lines, leftOut }: LogTail, counted: ReadonlySet<string>, host: Host): Content {
  return [
    html`<p>The last ${maxLines} lines of its jobs at most.${leftOut > 0 && ` ${leftOut} earlier logs are not read.`}${counted.size > 0 && " Of large maps, only the jobs of the first failed children are read."}</p>`,
    lines.length === 0
      ? html`<p>No job has written anything.</p>`
      : logLines("Log of the run's jobs", lines, host),
  ];
}
