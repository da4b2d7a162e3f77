import { wallTime } from "./time-zone.ts";

const day = 86_400_000;

/** When clocks show a wall time, in epoch milliseconds. */
export type Moments = {
  /** Whether they show it at all. If they skip it, both moments are that of the change. */
  readonly exists: boolean;
  /** The first time that they show it, and the last. The two differ if clocks go back to before the wall time. */
  readonly first: number;
  readonly last: number;
};

/**
 * The clocks of a time zone. A wall time is a number: the epoch milliseconds at which a clock on UTC shows the same
 * date and time.
 */
export type WallClock = {
  /** What they show at a moment. */
  wallAt(moment: number): number;
  /** When they show a wall time. A later wall time has moments that are later or the same. */
  momentsOf(wall: number): Moments;
};

function shownAt(moment: number, timezone: string): number {
  const { yyyy, MM, dd, HH, mm, ss } = wallTime(moment, timezone);
  const whole = Date.UTC(Number(yyyy), Number(MM) - 1, Number(dd), Number(HH), Number(mm), Number(ss));
  return whole + (moment - Math.floor(moment / 1000) * 1000);
}

/**
 * The clocks of a time zone.
 *
 * Relies on two facts about all zones since 1970: none is a whole day away from UTC, and none has changed its offset
 * twice within six days.
 */
export function wallClock(timezone: string): WallClock {
  /** Offsets at the starts of days, because Intl takes microseconds for each. */
  const starts = new Map<number, number>();
  function offsetAtStart(start: number): number {
    const offset = starts.get(start) ?? shownAt(start, timezone) - start;
    starts.set(start, offset);
    return offset;
  }
  function offsetAt(moment: number): number {
    const start = Math.floor(moment / day) * day;
    const offset = offsetAtStart(start);
    return offset === offsetAtStart(start + day) ? offset : shownAt(moment, timezone) - moment;
  }
  /** The moment of the one change that is after `before` and not after `after`. */
  function changeBetween(before: number, after: number): number {
    let [earlier, later] = [before, after];
    while (later - earlier > 1) {
      const middle = Math.floor((earlier + later) / 2);
      if (offsetAt(middle) === offsetAt(after)) later = middle;
      else earlier = middle;
    }
    return later;
  }
  const wallAt = (moment: number) => moment + offsetAt(moment);
  return {
    wallAt,
    momentsOf(wall) {
      const [byOld, byNew] = [wall - offsetAt(wall - day), wall - offsetAt(wall + day)];
      const [first, last = first] = [byOld, byNew].filter((moment) => wallAt(moment) === wall);
      if (first !== undefined && last !== undefined) return { exists: true, first, last };
      const change = changeBetween(byNew, byOld);
      return { exists: false, first: change, last: change };
    },
  };
}
