import { type PageName, type PageTarget, runTabs } from "../../shared/console/page-request.ts";
import type { SampleIds } from "./sample-stage.ts";

/** A page of the sample stage, and what it is called in titles and names of files. */
export type Shown = { readonly name: string; readonly to: PageTarget };

/** The requests with which each page is opened. A page that isn't built yet has its row, which is used once it is built. */
export const pageTargets: Readonly<Record<PageName, (ids: SampleIds) => readonly Shown[]>> = {
  home: () => [{ name: "home", to: { page: "home" } }],
  runs: () => [
    { name: "runs", to: { page: "runs" } },
    { name: "runs-none", to: { page: "runs", pipeline: "nothing" } },
    { name: "runs-filtered", to: { page: "runs", state: ["FAILED", "TIMED_OUT"], longer: 60 } },
  ],
  chosen: ({ failed, running, succeeded }) => [
    { name: "chosen", to: { page: "chosen", runs: [failed, running, succeeded] } },
    { name: "chosen-none", to: { page: "chosen" } },
  ],
  run: ({ failed, running, succeeded, mapped, asked, queued }) => [
    { name: "run-failed", to: { page: "run", runId: failed } },
    { name: "run-failed-log", to: { page: "run", runId: failed, tab: "log" } },
    ...runTabs.map(
      (tab): Shown => ({ name: `run-running-${tab}`, to: { page: "run", runId: running, tab } }),
    ),
    { name: "run-succeeded-data", to: { page: "run", runId: succeeded, tab: "data" } },
    { name: "run-mapped", to: { page: "run", runId: mapped } },
    { name: "run-asks", to: { page: "run", runId: asked } },
    { name: "run-queued", to: { page: "run", runId: queued } },
  ],
  step: ({ failed, running }) => [
    { name: "step-failed", to: { page: "step", runId: failed, step: "validate_data", index: 0 } },
    { name: "step-running", to: { page: "step", runId: running, step: "train_model", index: 0 } },
    { name: "step-done", to: { page: "step", runId: running, step: "download_dataset" } },
  ],
  map: ({ mapped, running }) => [
    { name: "map", to: { page: "map", runId: mapped, step: "score_item" } },
    { name: "map-row", to: { page: "map", runId: mapped, step: "score_item", row: 800 } },
    { name: "map-small", to: { page: "map", runId: running, step: "train_model" } },
    { name: "map-table", to: { page: "map", runId: running, step: "train_model", view: "table" } },
    { name: "map-curves", to: { page: "map", runId: running, step: "train_model", view: "curves" } },
  ],
  compare: ({ earlier, running }) => [
    { name: "compare", to: { page: "compare", runs: [earlier, running] } },
    { name: "compare-all", to: { page: "compare", runs: [earlier, running], all: true } },
  ],
  pipeline: ({ earlier }) => [
    { name: "pipeline", to: { page: "pipeline", pipeline: "ridge-sweep" } },
    { name: "pipeline-again", to: { page: "pipeline", pipeline: "ridge-sweep", again: earlier } },
  ],
  backfill: ({ backfill }) => [
    { name: "backfills", to: { page: "backfill" } },
    { name: "backfill", to: { page: "backfill", backfill } },
  ],
  "backfill-plan": () => [
    { name: "backfill-plan", to: { page: "backfill-plan", pipeline: "ridge-sweep" } },
    {
      name: "backfill-preview",
      to: {
        page: "backfill-plan",
        pipeline: "ridge-sweep",
        from: "2021-09-01",
        to: "2021-10-01",
        every: "day",
      },
    },
  ],
  models: () => [
    { name: "models", to: { page: "models" } },
    { name: "models-versions", to: { page: "models", name: "ctr", versions: [1, 2] } },
  ],
  queues: () => [{ name: "queues", to: { page: "queues" } }],
  approvals: () => [{ name: "approvals", to: { page: "approvals" } }],
  schedules: () => [{ name: "schedules", to: { page: "schedules" } }],
  probe: () => [{ name: "probe", to: { page: "probe" } }],
};
