import type { Json } from "../../pipeline/json.ts";
import { bytesText } from "../../wording/units.ts";
import { curvesOf } from "../curves.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Report } from "../read/read-reports.ts";
import { figureText, lineChart } from "./line-chart.ts";
import { markdown } from "./markdown.ts";
import { outsideLink } from "./outside-link.ts";
import { table } from "./table.ts";

/** Rows and columns of a table, and characters of a text, that a page shows. */
const maxRows = 50;
const maxColumns = 40;
const maxCharacters = 20_000;
const maxCell = 300;

function cellText(value: Json): string {
  if (value === null) return "";
  if (typeof value === "number") return figureText(value);
  return (typeof value === "string" ? value : JSON.stringify(value)).slice(0, maxCell);
}

/** What a page leaves out of a report, in a sentence. */
const leftOut = (count: number, what: string) =>
  count > 0 && html`<p>${count} more ${what} are not shown.</p>`;

function drawTable(title: string, columns: readonly string[], rows: readonly (readonly Json[])[]): Content {
  const shown = columns.slice(0, maxColumns);
  const isFigure = (place: number) => rows.some((row) => typeof row[place] === "number");
  return [
    curvesOf(columns, rows).map((curves) => lineChart(title, curves)),
    table(
      `Report ${title}`,
      shown.map((name, place) => (isFigure(place) ? { heading: name, figures: true } : name)),
      rows.slice(0, maxRows).map((row) => shown.map((_, place) => cellText(row[place] ?? null))),
    ),
    leftOut(rows.length - maxRows, "rows"),
    leftOut(columns.length - maxColumns, "columns"),
  ];
}

const cutText = (text: string) => [
  text.length > maxCharacters && html`<p>Cut after ${maxCharacters} of ${text.length} characters.</p>`,
];

function drawContent(title: string, { content }: Report): Content {
  switch (content.kind) {
    case "table":
      return drawTable(title, content.columns, content.rows);
    case "markdown":
      return [markdown(content.text.slice(0, maxCharacters)), cutText(content.text)];
    case "text":
      return [html`<pre>${content.text.slice(0, maxCharacters)}</pre>`, cutText(content.text)];
    case "image":
      return html`<img class="mr-image" alt="${`Picture ${title}`}" src="${`data:${content.mediaType};base64,${content.base64}`}">`;
    case "link":
      return html`<p>${outsideLink(content.url, content.title)}</p>`;
    case "not shown":
      return html`<p>Not shown here: ${content.reason}.</p>`;
  }
}

/** A report of a step: what it is, where it is in S3, and its content as far as a page shows it. */
export function reportPart(report: Report): Html {
  const { name, artifact } = report;
  return html`<h3>${name}</h3>${drawContent(name, report)}<p class="mr-quiet">${artifact.mediaType}, ${bytesText(artifact.bytes)}: <code>${artifact.uri}</code></p>`;
}
