import type { RunView } from "../../../run/run-view.ts";
import { bytesText } from "../../../wording/units.ts";
import { type Content, html } from "../../html.ts";
import { table } from "../../parts/table.ts";

/** Rows that one page shows. */
const maxRows = 200;

/** The objects that results name. Reports, which no result names, are on the page of their step. */
export function artifactsTab(view: RunView, counted: ReadonlySet<string>): Content {
  const all = view.steps.flatMap(({ name, artifacts }) => artifacts.map((artifact) => ({ name, artifact })));
  const rows = all
    .slice(0, maxRows)
    .map(({ name, artifact }) => [
      name,
      artifact.uri.split("/").at(-1),
      artifact.mediaType,
      bytesText(artifact.bytes),
      html`<code>${artifact.uri}</code>`,
    ]);
  const columns = ["Step", "Name", "Type", { heading: "Size", figures: true }, "Place"] as const;
  return [
    rows.length === 0
      ? html`<p>No result names an object.</p>`
      : table("Objects that the steps made", columns, rows),
    all.length > maxRows && html`<p>${all.length - maxRows} more are not shown.</p>`,
    counted.size > 0 && html`<p>Objects of large maps are not listed here.</p>`,
    html`<p>All of them, with reports: <code>npx millrace artifacts ${view.runId}</code></p>`,
  ];
}
