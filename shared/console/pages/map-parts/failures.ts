import type { FoundStep } from "../../../state/step-record.ts";
import type { Host } from "../../host/host.ts";
import { type Content, html } from "../../html.ts";
import { rangesOf, rangesText } from "../../index-ranges.ts";
import type { RequestOf } from "../../page-request.ts";
import { errorPanel } from "../../parts/panel.ts";
import type { MapPageData } from "../../read/read-map.ts";

/** Kinds of errors that are shown in full. */
const maxKinds = 5;
/** Ranges of further children that are named. */
const maxRanges = 40;

/** Links to children, each with its index. */
function childLinks(records: readonly FoundStep[], { runId, step }: RequestOf<"map">, host: Host): Content {
  return records.map(({ index }) =>
    index === "map" ? undefined : html`${host.link({ page: "step", runId, step, index }, `[${index}]`)} `,
  );
}

const errorOf = (record: FoundStep) => ("error" in record ? record.error : undefined);

/** Why children failed: the same errors together, each with links to its children; the most frequent first. */
export function mapFailures(
  { failed, failures }: MapPageData,
  request: RequestOf<"map">,
  host: Host,
): Content {
  if (failed.length === 0) return undefined;
  const kinds = [
    ...Map.groupBy(failures, (record) => {
      const error = errorOf(record);
      return error === undefined ? "" : `${error.name} ${error.message}`;
    }).values(),
  ].toSorted((a, b) => b.length - a.length);
  const read = new Set(failures.map(({ index }) => index));
  const others = failed.filter((index) => !read.has(index));
  return [
    html`<h2>Failed children: ${failed.length}</h2>`,
    kinds.slice(0, maxKinds).map((records) => {
      const error = records[0] && errorOf(records[0]);
      const count = `${records.length} ${records.length === 1 ? "child" : "children"}`;
      return errorPanel(
        {
          ...(error ?? { name: "Failed", message: "" }),
          message: `${count}: ${error?.message ?? "without an error"}`,
        },
        html`<p>${childLinks(records, request, host)}</p>`,
      );
    }),
    kinds.length > maxKinds &&
      html`<p>${childLinks(kinds.slice(maxKinds).flat(), request, host)} failed with other errors.</p>`,
    others.length > 0 &&
      html`<p>${others.length} more failed: ${rangesText(rangesOf(others), maxRanges)}. Find one by its index.</p>`,
  ];
}
