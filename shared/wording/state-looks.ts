import type { ChildrenView, ViewState } from "../run/run-view.ts";
import type { RunState } from "../state/run.ts";

/** The colours that states can have. */
export type Colour = "green" | "red" | "cyan" | "yellow" | "gray" | "magenta";
/** How a step's state looks. */
export type Look = { symbol: string; word: string; colour: Colour };

/** How each state looks. The word is enough, so nothing is lost without colours or a font with symbols. */
const looks: Readonly<Record<ViewState, Look>> = {
  WAITING: { symbol: "·", word: "waiting", colour: "gray" },
  READY: { symbol: "○", word: "ready", colour: "gray" },
  SUBMITTED: { symbol: "○", word: "submitted", colour: "cyan" },
  RUNNABLE: { symbol: "○", word: "queued", colour: "cyan" },
  STARTING: { symbol: "◐", word: "starting", colour: "cyan" },
  RUNNING: { symbol: "▶", word: "running", colour: "cyan" },
  RETRYING: { symbol: "↻", word: "retrying", colour: "yellow" },
  PAUSED: { symbol: "‖", word: "paused", colour: "yellow" },
  SUCCEEDED: { symbol: "✓", word: "succeeded", colour: "green" },
  CACHED: { symbol: "✓", word: "cached", colour: "green" },
  FAILED: { symbol: "✗", word: "failed", colour: "red" },
  TIMED_OUT: { symbol: "✗", word: "timed out", colour: "red" },
  SKIPPED: { symbol: "–", word: "skipped", colour: "gray" },
  CANCELLED: { symbol: "⊘", word: "cancelled", colour: "magenta" },
  UPSTREAM_FAILED: { symbol: "–", word: "not run", colour: "gray" },
  UNKNOWN: { symbol: "?", word: "unknown", colour: "gray" },
};

/** How a step's state looks. */
export function stateLook(state: ViewState): Look {
  return looks[state];
}

/** The words for each state of a run, as long as it is known. */
const runLooks: Readonly<Record<RunState, Look>> = {
  SCHEDULED: { symbol: "·", word: "scheduled", colour: "gray" },
  QUEUED: { symbol: "○", word: "queued", colour: "gray" },
  RUNNING: { symbol: "▶", word: "running", colour: "cyan" },
  PAUSED: { symbol: "‖", word: "paused", colour: "yellow" },
  CANCELLING: { symbol: "⊘", word: "cancelling", colour: "magenta" },
  SUCCEEDED: { symbol: "✓", word: "succeeded", colour: "green" },
  FAILED: { symbol: "✗", word: "failed", colour: "red" },
  CANCELLED: { symbol: "⊘", word: "cancelled", colour: "magenta" },
  TIMED_OUT: { symbol: "✗", word: "timed out", colour: "red" },
};

/** How a run's state looks. A state from a newer version is shown as it is. */
export function runLook(state: string): Look {
  const [, look] = Object.entries(runLooks).find(([name]) => name === state) ?? [];
  return look ?? { symbol: "?", word: state, colour: "gray" };
}

/** Whether nothing is left to do for a step, and what follows it may begin. */
export const hasPassed = (state: ViewState) =>
  state === "SUCCEEDED" || state === "CACHED" || state === "SKIPPED";

/** How far a mapped step has come: `4/6 done, 2 running`. */
export function childrenText({ total, counts }: ChildrenView): string {
  const { SUCCEEDED: own = 0, CACHED: cached = 0, ...others } = counts;
  const done = own + cached;
  const rest = (Object.keys(looks) as ViewState[]).flatMap((state) => {
    const count = state === "SUCCEEDED" || state === "CACHED" ? 0 : (others[state] ?? 0);
    return count > 0 && state !== "WAITING" ? [`${count} ${looks[state].word}`] : [];
  });
  return [`${done}/${total} done`, ...rest].join(", ");
}
