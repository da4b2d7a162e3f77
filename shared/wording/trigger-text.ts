import type { Trigger } from "../pipeline/pipeline.ts";
import type { ScheduleTrigger } from "../pipeline/schedule-trigger.ts";
import { timetableText } from "../pipeline/timetable.ts";

function activeText(active: boolean | readonly string[]): string {
  if (active === true) return "";
  return active === false
    ? ", switched off when first deployed"
    : `, switched on when first deployed in ${active.join(", ")} only`;
}

const scheduleText = (trigger: ScheduleTrigger) =>
  timetableText(trigger, { timezone: "the stage's time zone" }) + activeText(trigger.active);

const triggerTexts: {
  readonly [K in Trigger["kind"]]: (trigger: Extract<Trigger, { kind: K }>) => string;
} = {
  object: ({ prefix, suffixes }) => {
    const endings = suffixes.filter((suffix) => suffix !== "").map((suffix) => `…${suffix}`);
    return `an object under ${prefix}${endings.join(" or ")}`;
  },
  run: ({ pipeline }) => `a run of ${pipeline.name} that succeeded`,
  cron: scheduleText,
  interval: scheduleText,
};

/** Describes what starts a pipeline by itself. */
export function triggerText<K extends Trigger["kind"]>(trigger: Extract<Trigger, { kind: K }>): string {
  const text: (trigger: Extract<Trigger, { kind: K }>) => string = triggerTexts[trigger.kind as K];
  return text(trigger);
}
