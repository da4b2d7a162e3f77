import type { PageName } from "./page-request.ts";

/**
 * Which pages are built; nothing links to the others. `pages.ts` must have exactly these. It is a file of its own so
 * that the function `console-act` and the command line know it without the pages.
 */
export const shownPages = {
  home: true,
  runs: true,
  chosen: true,
  run: true,
  step: true,
  map: true,
  compare: true,
  pipeline: true,
  backfill: true,
  "backfill-plan": true,
  models: true,
  queues: true,
  approvals: true,
  schedules: true,
  probe: true,
} as const satisfies Readonly<Record<PageName, boolean>>;

/** Whether a page is built. */
export const isShown = (name: PageName): boolean => shownPages[name];
