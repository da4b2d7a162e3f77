import type { BuiltPage } from "./page.ts";
import type { PageName, RequestOf } from "./page-request.ts";
import { approvalsPage } from "./pages/approvals.ts";
import { backfillPage } from "./pages/backfill.ts";
import { backfillPlanPage } from "./pages/backfill-plan.ts";
import { chosenPage } from "./pages/chosen.ts";
import { comparePage } from "./pages/compare.ts";
import { homePage } from "./pages/home.ts";
import { mapPage } from "./pages/map.ts";
import { modelsPage } from "./pages/models.ts";
import { pipelinePage } from "./pages/pipeline.ts";
import { probePage } from "./pages/probe.ts";
import { queuesPage } from "./pages/queues.ts";
import { runPage } from "./pages/run.ts";
import { runsPage } from "./pages/runs.ts";
import { schedulesPage } from "./pages/schedules.ts";
import { stepPage } from "./pages/step.ts";
import type { shownPages } from "./shown-pages.ts";

/** A page that `shownPages` has must be here; one that it lacks must not. */
type Built<P extends PageName> = (typeof shownPages)[P] extends true ? BuiltPage<RequestOf<P>> : undefined;

/** Every page of the console. */
const built: { readonly [P in PageName]: Built<P> } = {
  home: homePage,
  runs: runsPage,
  chosen: chosenPage,
  run: runPage,
  step: stepPage,
  map: mapPage,
  compare: comparePage,
  pipeline: pipelinePage,
  backfill: backfillPage,
  "backfill-plan": backfillPlanPage,
  models: modelsPage,
  queues: queuesPage,
  approvals: approvalsPage,
  schedules: schedulesPage,
  probe: probePage,
};
const pages: { readonly [P in PageName]: BuiltPage<RequestOf<P>> | undefined } = built;

/** The page of a request; undefined if it isn't built. */
export function pageOf<P extends PageName>(name: P): BuiltPage<RequestOf<P>> | undefined {
  return pages[name];
}
