import {
  type CancellingRun,
  type EndedRun,
  type EndState,
  noProgress,
  type Run,
  type RunningRun,
  type WaitingRun,
} from "./run.ts";

/** A change of an active run's state, other than its end. Times are ISO 8601 in UTC. */
export type RunMove =
  | { readonly to: "QUEUED" }
  | { readonly to: "RUNNING"; readonly activeSince?: string }
  | { readonly to: "PAUSED" }
  | {
      readonly to: "CANCELLING";
      readonly endsAs: CancellingRun["endsAs"];
      readonly reason: string;
      /** Only a run that has not begun in this epoch. */
      readonly unbegun?: true;
    };

/** What a move sets of a run. */
export function moved(move: RunMove) {
  const { to: state, unbegun: _unbegun, ...rest } = { unbegun: undefined, ...move };
  return { state, ...rest } as
    | Pick<WaitingRun, "state">
    | (Pick<RunningRun, "state"> & { activeSince?: string })
    | Pick<CancellingRun, "state" | "endsAs" | "reason">;
}

/** An active run as it is when it has ended. Why it was cancelled goes along. */
export function endedFrom(run: Run, to: EndState, endedAt: string): EndedRun {
  if (!("endsAs" in run)) return { ...run, state: to, endedAt };
  const { endsAs: _endsAs, ...facts } = run;
  return { ...facts, state: to, endedAt };
}

/** Where a run begins that needs slots, and one that needs none. */
export function openingState({ limits }: Pick<Run, "limits">): "QUEUED" | "RUNNING" {
  return limits.length > 0 ? "QUEUED" : "RUNNING";
}

/**
 * An ended run as it is when it was opened again, in a new epoch. What failed is forgotten, and so is what was skipped: a
 * condition may have said so for want of a result that there is now.
 */
export function reopenedFrom(run: EndedRun, openedAt: string): WaitingRun | RunningRun {
  const { endedAt: _endedAt, error: _error, reason: _reason, activeSince: _activeSince, ...facts } = run;
  const opened = {
    ...facts,
    epoch: run.epoch + 1,
    progress: { ...noProgress, done: run.progress.done },
  };
  if (openingState(run) === "QUEUED") return { ...opened, state: "QUEUED" };
  return { ...opened, state: "RUNNING", activeSince: openedAt };
}
