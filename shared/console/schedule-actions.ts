import type { ScheduleView } from "../schedule/schedule-view.ts";
import type { Host } from "./host/host.ts";
import type { Html } from "./html.ts";

/** The button that switches a schedule on or off. */
export function scheduleButton({ pipeline, name, active }: ScheduleView, host: Host): Html {
  const named = `schedule ${name} of ${pipeline}`;
  const confirm = active
    ? `Switch ${named} off? It starts no more runs until it is switched on; deployments don't switch it on.`
    : `Switch ${named} on? It starts a run at each of its times from now on.`;
  const text = active ? "Switch off" : "Switch on";
  return host.action({ action: "schedule", pipeline, name, active: !active }, text, confirm);
}

/** Milliseconds after its time until a schedule is late: ticks come every minute, and now and then one after two. */
export const lateMs = 3 * 60_000;

/** The time that a schedule should have started a run for by now, ISO 8601; undefined if there is none. */
export function lateSince({ active, upcoming: [next] }: ScheduleView, now: number): string | undefined {
  return active && next !== undefined && Date.parse(next) + lateMs < now ? next : undefined;
}
