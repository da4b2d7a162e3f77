import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SimulationResult } from "./simulation.ts";
import { simulationStart } from "./spec/simulation-start.ts";
import { timeText, traceText } from "./trace.ts";

/** A case as it's kept in a file: everything that decides it. */
export type CaseFile = Pick<SimulationResult, "seed" | "spec"> & { readonly only: readonly string[] };

/** Writes a case to a file that `--case` takes. @returns its path */
export function keepCase({ seed, spec, faults }: SimulationResult): string {
  const file = join(tmpdir(), `millrace-simulation-${seed}.json`);
  const kept: CaseFile = { seed, spec, only: faults.map(({ key }) => key) };
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
  return file;
}

/** Describes a failure for people: what was broken, by which pipeline and faults, and everything that happened. */
export function failureText({ seed, spec, violations, faults, trace }: SimulationResult): string {
  return [
    `seed ${seed} breaks:`,
    ...violations.map(({ rule, detail }) => `  ${rule}: ${detail}`),
    "",
    "pipeline:",
    ...spec.steps.map((step) => `  ${JSON.stringify(step)}`),
    "",
    "faults:",
    ...faults.map(({ key, kind, at }) => `  ${timeText(at - simulationStart)}  ${kind} (${key})`),
    "",
    "what happened:",
    traceText(trace, simulationStart),
  ].join("\n");
}
