import type { RunTab } from "./page-request.ts";

/** Words of the tabs of a run. */
export const tabTexts: Readonly<Record<RunTab, string>> = {
  steps: "Steps",
  timeline: "Timeline",
  graph: "Graph",
  data: "Inputs and results",
  artifacts: "Artifacts",
  log: "Log",
};
