import type { Engine } from "../ports/engine.ts";

/** When the sweep looks next at a run that something was done for just now. Epoch milliseconds. */
export function nextSweep({ clock, settings }: Engine): number {
  return clock.now() + settings.sweepSeconds * 1000;
}
