import type { UsageView } from "../run/job-view.ts";
import type { RunCostView } from "../run/kept-cost.ts";

const gibibyte = 1024 ** 3;
/** Memory in the unit that jobs ask for it: powers of 1024. */
const memoryText = (bytes: number) => (bytes / gibibyte).toFixed(1);

/** How much a job used of what it had: `used 1.9 of 8.0 GiB, 0.8 of 2 vCPUs; memory: 3072 would do`. */
export function usageText({ peakMemoryBytes, memoryBytes, vcpusUsed, vcpus, hints }: UsageView): string {
  const cpu =
    vcpusUsed === undefined ? "" : `, ${vcpusUsed.toFixed(1)} of ${vcpus} vCPU${vcpus === 1 ? "" : "s"}`;
  return [`used ${memoryText(peakMemoryBytes)} of ${memoryText(memoryBytes)} GiB${cpu}`, ...hints].join("; ");
}

/** Dollars with two significant digits: `$0.0042`. */
export function dollarsText(dollars: number): string {
  const digits = dollars >= 1 ? 2 : Math.min(8, Math.max(2, 1 - Math.floor(Math.log10(dollars || 1))));
  return `$${dollars.toFixed(digits)}`;
}

/** A cost in words: `about $0.0042`, `at least $0.0042 so far`. */
export function costText({ dollars, atLeast, soFar }: RunCostView): string {
  return `${atLeast ? "at least" : "about"} ${dollarsText(dollars)}${soFar === true ? " so far" : ""}`;
}
