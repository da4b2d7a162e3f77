import type { HeldStep } from "../state/step-record.ts";
import type { StoredStep } from "./run-store.ts";

/** A step that a worker has claimed and works on. */
export type WatchedStep = HeldStep & StoredStep;

/** What a watchdog knows about one piece of a worker's work. */
export type Watch = {
  /**
   * Milliseconds for which others in this worker have blocked it since the watch began. The function that is watched is
   * not among them if it was the only one.
   */
  stolen(): number;
  /** Says that the function has more time: until this time, epoch milliseconds. */
  extend(until: number): void;
  /** Ends the watch. Repeating it changes nothing. */
  end(): void;
};

/**
 * Notices when a function blocks its worker beyond its timeout: JavaScript runs on one thread, so no timer fires there.
 * The watchdog then does for the worker what it can't do itself: see shared/worker/end-blocked.ts.
 */
export type Watchdog = {
  /** Notes that this worker holds a step. If the worker is ended because of a block, the step is released. */
  hold(held: WatchedStep): Watch;
  /** Notes that a step's function runs. @param until when its time is over, epoch milliseconds */
  run(held: WatchedStep, until: number): Watch;
};

const unwatched: Watch = { stolen: () => 0, extend: () => undefined, end: () => undefined };

/** Watches nothing: for processes that run no functions, and for tests. */
export const noWatchdog: Watchdog = { hold: () => unwatched, run: () => unwatched };
