import { agoText, durationText } from "../../wording/units.ts";
import type { Host } from "../host/host.ts";
import { type Html, html } from "../html.ts";

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: zone });
  formats.set(zone, made);
  return made;
}

/** Whether `Intl` knows a time zone: an IANA name, or an offset such as `+02:00`. */
export function isZone(zone: string): boolean {
  try {
    return formatOf(zone) !== undefined;
  } catch {
    return false;
  }
}

/** A time as `2021-10-04 16:21:00` in the page's zone. */
export function timeText(iso: string | number, { zone }: Pick<Host, "zone">): string {
  return formatOf(zone).format(new Date(iso));
}

/** A time in the page's zone; its title has it in UTC. */
export function time(iso: string | number, host: Pick<Host, "zone">): Html {
  const utc = new Date(iso).toISOString();
  return html`<time datetime="${utc}" title="${utc}">${timeText(iso, host)}</time>`;
}

/** How long ago something was; its title has the time in UTC. */
export function ago(iso: string, { now }: Pick<Host, "now">): Html {
  const utc = new Date(iso).toISOString();
  return html`<time datetime="${utc}" title="${utc}">${agoText(now - Date.parse(iso))}</time>`;
}

/** A duration, or nothing where there is none yet. */
export function duration(milliseconds: number | undefined): string {
  return milliseconds === undefined ? "" : durationText(milliseconds);
}
