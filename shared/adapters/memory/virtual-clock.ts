import type { Clock } from "../../ports/clock.ts";

type Timer = { at: number; controller: AbortController };

/** A clock that moves only on request, so that hours of waiting pass at once and always the same way. */
export class VirtualClock implements Clock {
  private time: number;
  private readonly timers = new Set<Timer>();

  constructor(start: number) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  deadline(milliseconds: number): { signal: AbortSignal; clear(): void } {
    const timer: Timer = { at: this.time + milliseconds, controller: new AbortController() };
    this.timers.add(timer);
    return { signal: timer.controller.signal, clear: () => void this.timers.delete(timer) };
  }

  /** Nobody else moves the time while a worker waits, so the wait moves it itself. */
  async pause(milliseconds: number): Promise<void> {
    this.moveTo(this.time + milliseconds);
  }

  /** Moves to a time and fires what was due by then. It never moves back. */
  moveTo(time: number): void {
    this.time = Math.max(this.time, time);
    for (const timer of this.timers) {
      if (timer.at > this.time) continue;
      this.timers.delete(timer);
      timer.controller.abort();
    }
  }
}
