import type { Json } from "../../shared/pipeline/index.ts";

/** One line of the trace. */
export type TraceLine = { readonly at: number; readonly who: string; readonly what: string };

const maxLength = 160;

/** A value for a line of the trace: JSON, with sets as lists, cut if it's long. */
export function shown(value: unknown): string {
  if (value === undefined) return "-";
  const text =
    JSON.stringify(value, (key, part: Json) => {
      if (part instanceof Set) return [...part];
      if (key === "version" || key === "runId" || key === "startedAt" || key === "environment")
        return undefined;
      return part instanceof Uint8Array ? `${part.byteLength} bytes` : part;
    }) ?? String(value);
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}

/** Collects what happens, or nothing if nobody will read it. */
export class Trace {
  readonly lines: TraceLine[] = [];
  readonly wanted: boolean;

  constructor(wanted: boolean) {
    this.wanted = wanted;
  }

  add(at: number, who: string, what: () => string): void {
    if (this.wanted) this.lines.push({ at, who, what: what() });
  }
}

/** Virtual time since the start, as `0:12:03.045`. */
export function timeText(milliseconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const seconds = Math.floor(milliseconds / 1000);
  const clock = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${clock}.${String(milliseconds % 1000).padStart(3, "0")}`;
}

/** The lines as text: time, worker, what it did. */
export function traceText(lines: readonly TraceLine[], start: number): string {
  const width = lines.reduce((widest, { who }) => Math.min(36, Math.max(widest, who.length)), 0);
  return lines
    .map(({ at, who, what }) => `${timeText(at - start)}  ${who.padEnd(width)}  ${what}`)
    .join("\n");
}
