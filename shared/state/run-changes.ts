import {
  type CancellingRun,
  type EndedRun,
  type EndState,
  type KeptCost,
  noProgress,
  type Run,
  type RunningRun,
  type WaitingRun,
} from "./run.ts";
import type { Price } from "./spending.ts";
import { hasWanters } from "./wanters.ts";

/** A change of an active run's state, other than its end. Times are ISO 8601 in UTC. */
export type RunMove =
  | { readonly to: "QUEUED" }
  | { readonly to: "RUNNING"; readonly activeSince?: string }
  | { readonly to: "PAUSED" }
  | {
      readonly to: "CANCELLING";
      readonly endsAs: CancellingRun["endsAs"];
      readonly reason: string;
      /** Only if the run hasn't begun in this epoch. */
      readonly unbegun?: true;
      /** Only if nobody else wants the run. */
      readonly wantedOnlyBy?: string;
    };

/** The properties of a move that are conditions, and not fields of the run. */
const noConditions = { unbegun: undefined, wantedOnlyBy: undefined };

/** The fields of a run that a move sets. */
export function moved(move: RunMove) {
  const { to: state, unbegun: _unbegun, wantedOnlyBy: _by, ...rest } = { ...noConditions, ...move };
  return { state, ...rest } as
    | Pick<WaitingRun, "state">
    | (Pick<RunningRun, "state"> & { activeSince?: string })
    | Pick<CancellingRun, "state" | "endsAs" | "reason">;
}

/** How a run ends. Times are ISO 8601 in UTC. */
export type RunEnd = {
  readonly to: EndState;
  readonly endedAt: string;
  /** What the run has cost, if the caller counts that. */
  readonly cost?: KeptCost;
  /** The cost of ended steps that never joined the run. It counts only if no step has joined since the run was read. */
  readonly unjoined?: Price;
};

/** The ended form of an active run. It keeps the reason of a cancel. */
export function endedFrom(run: Run, { to, endedAt, cost, unjoined }: RunEnd): EndedRun {
  const { endsAs: _endsAs, ...facts } = { endsAs: undefined, ...run };
  const spent = unjoined && { spent: (run.spent ?? 0) + unjoined.nanodollars };
  const unpriced = unjoined?.atLeast && { unpriced: (run.unpriced ?? 0) + 1 };
  return { ...facts, ...spent, ...unpriced, state: to, endedAt, ...(cost && { cost }) };
}

/** The state in which a run begins: QUEUED if it needs slots, RUNNING if it needs none. */
export function openingState({ limits }: Pick<Run, "limits">): "QUEUED" | "RUNNING" {
  return limits.length > 0 ? "QUEUED" : "RUNNING";
}

/**
 * An ended run as it is when reopened in a new epoch. Failed steps are removed from its progress. So are skipped steps:
 * a condition may have skipped one because a result was missing that exists now.
 *
 * @param wanter who wants the run from now on
 */
export function reopenedFrom(run: EndedRun, openedAt: string, wanter: string): WaitingRun | RunningRun {
  const {
    endedAt: _endedAt,
    error: _error,
    reason: _reason,
    activeSince: _activeSince,
    cost: _cost,
    counted: _counted,
    ...facts
  } = run;
  const opened = {
    ...facts,
    epoch: run.epoch + 1,
    progress: { ...noProgress, done: run.progress.done },
    ...(hasWanters(run) && { wantedBy: new Set([wanter]) }),
  };
  if (openingState(run) === "QUEUED") return { ...opened, state: "QUEUED" };
  return { ...opened, state: "RUNNING", activeSince: openedAt };
}
