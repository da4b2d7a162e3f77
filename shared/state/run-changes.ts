import {
  type CancellingRun,
  type EndedRun,
  type EndState,
  noProgress,
  type Run,
  type RunningRun,
  type WaitingRun,
} from "./run.ts";
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

/** The ended form of an active run. It keeps the reason of a cancel. */
export function endedFrom(run: Run, to: EndState, endedAt: string): EndedRun {
  if (!("endsAs" in run)) return { ...run, state: to, endedAt };
  const { endsAs: _endsAs, ...facts } = run;
  return { ...facts, state: to, endedAt };
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
  const { endedAt: _endedAt, error: _error, reason: _reason, activeSince: _activeSince, ...facts } = run;
  const opened = {
    ...facts,
    epoch: run.epoch + 1,
    progress: { ...noProgress, done: run.progress.done },
    ...(hasWanters(run) && { wantedBy: new Set([wanter]) }),
  };
  if (openingState(run) === "QUEUED") return { ...opened, state: "QUEUED" };
  return { ...opened, state: "RUNNING", activeSince: openedAt };
}
