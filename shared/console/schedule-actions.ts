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
