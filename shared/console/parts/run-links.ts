import type { Host } from "../host/host.ts";
import { type Content, html } from "../html.ts";

/** Links to the first runs of a list, and how many more there are. */
export function runLinks(runIds: readonly string[], max: number, host: Host): Content {
  const links = runIds.slice(0, max).map((runId) => html`${host.link({ page: "run", runId }, runId)} `);
  return [links, runIds.length > max && `and ${runIds.length - max} more`];
}
