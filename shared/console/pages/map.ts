import { taskText } from "../../pipeline/task-kinds.ts";
import { hasEnded } from "../../state/step-record.ts";
import { curvesOver } from "../curves.ts";
import type { Host } from "../host/host.ts";
import { type Content, html } from "../html.ts";
import { type BuiltPage, page } from "../page.ts";
import { type MapView, mapViews, type RequestOf } from "../page-request.ts";
import { facts } from "../parts/facts.ts";
import { lineChart } from "../parts/line-chart.ts";
import { notice, sectionOr } from "../parts/panel.ts";
import { runBadge, stepBadge } from "../parts/state-badge.ts";
import { tabs } from "../parts/tabs.ts";
import { time } from "../parts/time.ts";
import { type MapItems, type MapPageData, maxCurves, maxFound, readMap, rowSize } from "../read/read-map.ts";
import { childLabel } from "../sweep.ts";
import { childrenTable } from "./map-parts/children-table.ts";
import { mapFailures } from "./map-parts/failures.ts";
import { childList, countsText, gridPicture, rowLinks, rowList } from "./map-parts/grid.ts";

type Request = RequestOf<"map">;

const viewTexts: Readonly<Record<MapView, string>> = {
  grid: "Grid",
  table: "Parameters and results",
  curves: "Curves",
};

const itemsOf = ({ items }: MapPageData): MapItems["items"] => (items.read ? items.value.items : new Map());

function factList(data: MapPageData, { runId }: Request, host: Host): Content {
  const { run, node, map } = data;
  return facts([
    ["State", stepBadge(map?.state ?? "WAITING")],
    ["Children", data.total === undefined ? "not known" : countsText(data)],
    ["Run", html`${host.link({ page: "run", runId }, runId)} ${runBadge(run.state)}`],
    ["Pipeline", run.pipeline],
    ["Work", taskText(node)],
    ["Began", map === undefined ? undefined : time(map.startedAt, host)],
    ["Ended", map !== undefined && "endedAt" in map && time(map.endedAt, host)],
  ]);
}

function findForm({ row, ...request }: Request, host: Host): Content {
  return host.form({
    name: "find",
    submit: "Find",
    to: { ...request, view: "grid" },
    fields: [
      { name: "find", label: "Find a child by its index, or by a text in its item", value: request.find },
    ],
  });
}

function foundPart(data: MapPageData, request: Request, host: Host): Content {
  const { found } = data;
  if (found === undefined) return undefined;
  const note = sectionOr(
    "The items",
    data.items,
    ({ missing }) => missing !== undefined && html`<p>${missing}</p>`,
  );
  if (found.length === 0) return [html`<p>No child has this index, or this text in its item.</p>`, note];
  return [
    html`<h2>Found: ${found.length}${found.length === maxFound && " or more"}</h2>`,
    childList("Children that were found", found, data, itemsOf(data), request, host),
    note,
  ];
}

/** The curves of the row's first children, over one another. */
function curvesPart(data: MapPageData, request: Request): Content {
  return sectionOr("The curves", data.curves, (tables) => {
    const labelled = tables.map(({ index, ...table }) => ({
      label: childLabel(index, itemsOf(data).get(index)),
      ...table,
    }));
    const curves = curvesOver(labelled);
    return [
      html`<p>From the first table that the result of a child names, or from what its running job has written so far; of ${maxCurves} children at most.</p>`,
      curves.length === 0
        ? html`<p>No child's result names a table with a column that rises, such as <code>epoch</code>, and no running job has written figures.</p>`
        : curves.map((each) => lineChart(request.step, each)),
    ];
  });
}

/** Draws the view that is open. */
const drawView: Readonly<Record<MapView, (data: MapPageData, request: Request, host: Host) => Content>> = {
  grid(data, request, host) {
    const { row, total = 0 } = data;
    if (row === undefined) return [gridPicture(data), rowList(data, request, host)];
    const indices = Array.from({ length: Math.min(rowSize, total - row) }, (_, place) => row + place);
    return [
      gridPicture(data),
      rowLinks(data, request, host),
      sectionOr("The items", data.items, () => undefined),
      childList(`Children from ${row} on`, indices, data, itemsOf(data), request, host),
    ];
  },
  table: (data, request, host) => [
    rowLinks(data, request, host),
    sectionOr(
      "The items",
      data.items,
      ({ missing, items }) => items.size === 0 && missing !== undefined && html`<p>${missing}</p>`,
    ),
    childrenTable(data, itemsOf(data), request, host),
  ],
  curves: (data, request, host) => [rowLinks(data, request, host), curvesPart(data, request)],
};

function show(data: MapPageData, request: Request, host: Host): Content {
  const { find, row, sort, ...plain } = request;
  return [
    data.total === undefined &&
      notice(
        html`<p>${data.map !== undefined && hasEnded(data.map) ? "The map ended before its list was known." : "The map has not begun: its list is not known yet."}</p>`,
      ),
    data.total === 0 && notice(html`<p>The list is empty, so the map has no children.</p>`),
    factList(data, request, host),
    mapFailures(data, request, host),
    findForm(request, host),
    foundPart(data, request, host),
    tabs(
      host,
      "Views of the map",
      mapViews.map((view) => [{ ...plain, view }, viewTexts[view], view === request.view]),
    ),
    data.total !== undefined && data.total > 0 && drawView[request.view](data, request, host),
  ];
}

/** A map: where its children are, why some failed, and what each got and made. */
export const mapPage: BuiltPage<Request> = page<Request, MapPageData>({
  title: ({ step }) => `Map ${step}`,
  read: (sources, request) => readMap(sources, request),
  show,
  command: ({ runId }) => ["run", runId],
});
