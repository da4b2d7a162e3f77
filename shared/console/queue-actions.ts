import type { LimitView } from "../operate/queue-view.ts";
import { maxSlots } from "../pipeline/work-queue.ts";
import type { Host } from "./host/host.ts";
import type { Html } from "./html.ts";

/** Whether people may set a limit. A backfill sets its own limit, and the page says so. */
const maySet = (limit: string) => /^(pipeline|queue)\//.test(limit);

const holding = ({ holders }: LimitView) =>
  holders.length === 1
    ? "The run that holds a slot goes on"
    : `The ${holders.length} runs that hold slots go on`;

/** The buttons of a limit: pause or resume, and the number of its slots. `manage` checks the number. */
export function limitButtons(view: LimitView, place: number, host: Host): Html[] {
  const { limit, slots, setByHand } = view;
  if (!maySet(limit)) return [];
  const pause = host.action(
    { action: "limit", limit, slots: 0 },
    `Pause ${limit}`,
    `Pause ${limit}? No run that needs a slot of it begins. ${holding(view)}.`,
  );
  const resume = host.action(
    { action: "limit", limit, slots: null },
    slots === 0 ? `Resume ${limit}` : `Reset ${limit}`,
    `Return ${limit} to the number of slots in the definitions? Runs that wait begin while there are slots.`,
  );
  const change = host.form({
    name: `limit${place}`,
    fields: [{ name: "slots", label: `Slots of ${limit}`, value: slots === null ? "" : String(slots) }],
    submit: "Change limit",
    to: {
      ...{ action: "limit", limit, slots: slots ?? maxSlots },
      confirm: `Change the number of slots of ${limit}? It is ${slots ?? "unlimited"} now. ${holding(view)}, also if there are fewer slots.`,
    },
  });
  return [...(slots === 0 ? [] : [pause]), ...(setByHand ? [resume] : []), change];
}
