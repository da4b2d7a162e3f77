import type { BuiltPage } from "./page.ts";
import type { PageName, RequestOf } from "./page-request.ts";
import { probePage } from "./pages/probe.ts";
import { runPage } from "./pages/run.ts";
import { runsPage } from "./pages/runs.ts";

/** Every page of the console. A page that isn't built yet is undefined, and nothing links to it. */
export const pages: { readonly [P in PageName]: BuiltPage<RequestOf<P>> | undefined } = {
  home: undefined,
  runs: runsPage,
  run: runPage,
  step: undefined,
  map: undefined,
  compare: undefined,
  pipeline: undefined,
  backfill: undefined,
  models: undefined,
  queues: undefined,
  approvals: undefined,
  schedules: undefined,
  probe: probePage,
};

/** Whether a page is built. */
export const isShown = (name: PageName): boolean => pages[name] !== undefined;

/** The page of a request; undefined if it isn't built. */
export function pageOf<P extends PageName>(name: P): BuiltPage<RequestOf<P>> | undefined {
  return pages[name];
}
