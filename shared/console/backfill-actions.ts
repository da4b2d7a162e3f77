import type { BackfillView } from "../backfill/backfill-view.ts";
import type { Change, Host } from "./host/host.ts";
import type { Html } from "./html.ts";

/** What a button does to a backfill. */
type BackfillAction = {
  /** Whether the backfill's state allows it. `manage` decides again when the button is used. */
  readonly allowed: (backfill: BackfillView) => boolean;
  readonly text: string;
  /** Names the backfill and the effect. */
  readonly confirm: (backfill: BackfillView) => string;
  readonly change: (backfill: BackfillView) => Change;
};

const named = ({ backfill, pipeline }: BackfillView) => `backfill ${backfill} of ${pipeline}`;

/** Every button of a backfill. */
const backfillActions: Readonly<Record<"cancel" | "resume" | "retry", BackfillAction>> = {
  cancel: {
    allowed: ({ state }) => state === "RUNNING",
    text: "Cancel",
    confirm: (view) =>
      `Cancel ${named(view)}? It starts nothing more, and those of its runs that have not ended are cancelled.`,
    change: ({ backfill }) => ({ action: "backfill-cancel", backfill }),
  },
  resume: {
    allowed: ({ state }) => state === "CANCELLED",
    text: "Resume",
    confirm: (view) => `Resume ${named(view)}? It goes on with its times, and skips those that succeeded.`,
    change: ({ backfill }) => ({ action: "backfill-resume", backfill }),
  },
  retry: {
    allowed: ({ state, failed }) => state !== "RUNNING" && failed > 0,
    text: "Retry failed",
    confirm: (view) =>
      `Retry the ${view.failed} failed times of ${named(view)}? Their runs go on with the steps that have no result.`,
    change: ({ backfill }) => ({ action: "backfill-resume", backfill, retryFailed: true }),
  },
};

/** The buttons that a backfill's state allows. */
export function backfillButtons(view: BackfillView, host: Host): Html[] {
  return Object.values(backfillActions)
    .filter(({ allowed }) => allowed(view))
    .map(({ text, confirm, change }) => host.action(change(view), text, confirm(view)));
}
