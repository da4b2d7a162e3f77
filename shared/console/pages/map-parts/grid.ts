import type { Json } from "../../../pipeline/json.ts";
import { durationText } from "../../../wording/units.ts";
import type { Host } from "../../host/host.ts";
import { type Content, html } from "../../html.ts";
import type { RequestOf } from "../../page-request.ts";
import { type CellKind, cells } from "../../parts/cells.ts";
import { stepBadge } from "../../parts/state-badge.ts";
import { table } from "../../parts/table.ts";
import { type MapPageData, rowSize } from "../../read/read-map.ts";

type Request = RequestOf<"map">;

const maxItem = 60;

/** The children of a map by how they ended. Those that haven't ended are all others. */
export function countsOf({ done, failed, total = 0 }: MapPageData) {
  return { done: done.length, failed: failed.length, open: Math.max(0, total - done.length - failed.length) };
}

/** Counts in words: `9988/10000 done, 12 failed`. */
export function countsText(data: MapPageData): string {
  const { done, failed, open } = countsOf(data);
  return [
    `${done}/${data.total ?? 0} done`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(open > 0 ? [`${open} not ended`] : []),
  ].join(", ");
}

function openIndices({ done, failed, total = 0 }: MapPageData): number[] {
  const ended = new Set([...done, ...failed]);
  return Array.from({ length: total }, (_, index) => index).filter((index) => !ended.has(index));
}

/** All children as a picture: failed ones are tall, those that are done are lower, and others are a line. */
export function gridPicture(data: MapPageData): Content {
  const { total = 0, done, failed } = data;
  if (total === 0) return undefined;
  const kinds: readonly CellKind[] = [
    { fill: "mr-fill-gray", height: 2, indices: openIndices(data) },
    { fill: "mr-fill-green", height: 7, indices: done },
    { fill: "mr-fill-red", height: 11, indices: failed },
  ];
  const finding = `${total} children, ${rowSize} in a row: ${countsText(data)}`;
  return html`<figure class="mr-figure"><figcaption>${finding}. Failed ones are tall and red, done ones are lower and green, others are a thin line.</figcaption>${cells(total, kinds, finding)}</figure>`;
}

/** Each row with its counts, those with failures first. */
export function rowList(data: MapPageData, request: Request, host: Host): Content {
  const { total = 0, done, failed } = data;
  const count = (indices: readonly number[]) => {
    const counts = new Map<number, number>();
    for (const index of indices) {
      const row = Math.floor(index / rowSize);
      counts.set(row, (counts.get(row) ?? 0) + 1);
    }
    return counts;
  };
  const [doneIn, failedIn] = [count(done), count(failed)];
  const rows = Array.from({ length: Math.ceil(total / rowSize) }, (_, row) => {
    const size = Math.min(rowSize, total - row * rowSize);
    const [good, bad] = [doneIn.get(row) ?? 0, failedIn.get(row) ?? 0];
    return { row, size, good, bad, open: size - good - bad };
  }).toSorted((a, b) => b.bad - a.bad || a.row - b.row);
  const columns = [
    "Children",
    { heading: "Failed", figures: true },
    { heading: "Not ended", figures: true },
    { heading: "Done", figures: true },
  ] as const;
  return table(
    "Rows of children, those with failures first",
    columns,
    rows.map(({ row, size, good, bad, open }) => [
      host.link(
        { ...request, row: row * rowSize, find: undefined },
        `${row * rowSize}–${row * rowSize + size - 1}`,
      ),
      bad === 0 ? "" : html`<span class="mr-badge mr-red"><span aria-hidden="true">✗</span> ${bad}</span>`,
      open,
      good,
    ]),
  );
}

/** The way to the rows before and after the one that is open, and to all of them. */
export function rowLinks({ row = 0, total = 0 }: MapPageData, request: Request, host: Host): Content {
  if (total <= rowSize) return undefined;
  return html`<p>Children ${row} to ${Math.min(total, row + rowSize) - 1} of ${total}. ${
    row > 0 && host.link({ ...request, row: row - rowSize }, "Row before")
  } ${row + rowSize < total && host.link({ ...request, row: row + rowSize }, "Row after")} ${
    request.view === "grid" && host.link({ ...request, row: undefined }, "All rows")
  }</p>`;
}

/** Children one by one, those that failed first, then those that haven't ended. */
export function childList(
  caption: string,
  indices: readonly number[],
  data: MapPageData,
  items: ReadonlyMap<number, Json>,
  request: Request,
  host: Host,
): Content {
  const records = new Map([...data.failures, ...data.children].map((record) => [record.index, record]));
  const [done, failed] = [new Set(data.done), new Set(data.failed)];
  const rank = (index: number) => (failed.has(index) ? 0 : done.has(index) ? 2 : 1);
  const state = (index: number) => {
    const record = records.get(index);
    if (record !== undefined) return record.state;
    if (failed.has(index)) return "FAILED";
    return done.has(index) ? "SUCCEEDED" : "WAITING";
  };
  const rows = indices
    .toSorted((a, b) => rank(a) - rank(b) || a - b)
    .map((index) => {
      const record = records.get(index);
      const item = items.get(index);
      const took =
        record !== undefined && "endedAt" in record
          ? durationText(Math.max(0, Date.parse(record.endedAt) - Date.parse(record.startedAt)))
          : "";
      const error = record !== undefined && "error" in record ? record.error?.message : undefined;
      return [
        host.link({ page: "step", runId: request.runId, step: request.step, index }, String(index)),
        stepBadge(state(index)),
        item === undefined ? "" : JSON.stringify(item).slice(0, maxItem),
        took,
        error?.slice(0, 2 * maxItem),
      ];
    });
  return table(caption, ["Child", "State", "Item", { heading: "Took", figures: true }, "Error"], rows);
}
