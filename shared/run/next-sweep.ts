import type { Engine } from "../ports/engine.ts";

/** When the sweep next looks at a run that was just worked on. Epoch milliseconds. */
export function nextSweep({ clock, settings }: Engine): number {
  return clock.now() + settings.sweepSeconds * 1000;
}
