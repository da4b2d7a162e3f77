import type { UsageView } from "../../../run/job-view.ts";
import { type Content, html } from "../../html.ts";
import { table } from "../../parts/table.ts";

const gibibyte = 1024 ** 3;
const share = (used: number, asked: number) => (asked === 0 ? "" : `${Math.round((100 * used) / asked)} %`);

/** What the jobs used, beside what the step asked for, with a better size if the two differ a lot. */
export function usagePart(usage: UsageView | undefined): Content {
  if (usage === undefined) return undefined;
  const { peakMemoryBytes, memoryBytes, vcpusUsed, vcpus, hints } = usage;
  const columns = [
    "Resource",
    { heading: "Asked for", figures: true },
    { heading: "Used", figures: true },
    { heading: "Share", figures: true },
  ] as const;
  const rows = [
    [
      "Memory, at its peak",
      `${(memoryBytes / gibibyte).toFixed(2)} GiB`,
      `${(peakMemoryBytes / gibibyte).toFixed(2)} GiB`,
      share(peakMemoryBytes, memoryBytes),
    ],
    [
      "vCPUs, on average",
      String(vcpus),
      vcpusUsed === undefined ? "not known" : vcpusUsed.toFixed(2),
      vcpusUsed === undefined ? "" : share(vcpusUsed, vcpus),
    ],
  ];
  return html`<h2>Usage</h2>${table("What the step asked for and what it used", columns, rows)}${hints.map((hint) => html`<p>${hint}</p>`)}`;
}
