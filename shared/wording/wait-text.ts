import type { FullLimit } from "../run/full-limits.ts";
import type { RunView } from "../run/run-view.ts";

/** Max. number of a limit's holders that are named. */
const maxHolders = 2;

function fullLimitText({ limit, slots, holders }: FullLimit): string {
  if (slots === 0) return `${limit}, which is paused`;
  const more = holders.length - maxHolders;
  const names = [...holders.slice(0, maxHolders), ...(more > 0 ? [`${more} more`] : [])].join(", ");
  return `${limit}: ${holders.length} of ${slots} held by ${names}`;
}

/** What a run waits for before it begins; undefined if it has begun. */
export function waitText({
  state,
  scheduledAt,
  waitsFor = [],
}: Pick<RunView, "state" | "scheduledAt" | "waitsFor">): string | undefined {
  if (state === "SCHEDULED") return `waits for its time, ${scheduledAt}`;
  if (state !== "QUEUED") return undefined;
  if (waitsFor.length === 0) return "there is a slot for it: it is about to begin";
  return `waits for a slot of ${waitsFor.map(fullLimitText).join("; and of ")}`;
}
