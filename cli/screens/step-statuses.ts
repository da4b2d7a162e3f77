import { styleText } from "node:util";
import type { MermaidClass } from "../../shared/pipeline/mermaid.ts";
import type { RunView, StepView } from "../../shared/run/run-view.ts";
import { type Colour, childrenText, stateLook } from "../../shared/wording/state-looks.ts";
import { durationText } from "../../shared/wording/units.ts";
import type { StepStatus } from "./graph-picture.ts";
import type { SvgStepStatus } from "./graph-svg.ts";

/** A step's state, how far its children are, and how long it took: `succeeded, 6/6 done, 9.3 s`. */
function statusText({ state, children, milliseconds }: StepView): string {
  return [
    stateLook(state).word,
    ...(children === undefined ? [] : [childrenText(children)]),
    ...(milliseconds === undefined ? [] : [durationText(milliseconds)]),
  ].join(", ");
}

/** The statuses of a run's steps, by number, for the picture of its graph. */
export function statusesOf({ steps }: RunView): Map<number, StepStatus & SvgStepStatus> {
  return new Map(
    steps.map((step) => {
      const { colour, symbol } = stateLook(step.state);
      return [step.number, { colour, symbol: styleText(colour, symbol), text: statusText(step) }];
    }),
  );
}

/** Mermaid takes any colour; these are readable on light and dark backgrounds. */
const mermaidColours: Readonly<Record<Colour, string>> = {
  green: "stroke:#2e8540,stroke-width:3px",
  red: "stroke:#c9372c,stroke-width:3px",
  cyan: "stroke:#1d7aad,stroke-width:3px",
  yellow: "stroke:#b07d00,stroke-width:3px",
  magenta: "stroke:#8f3fae,stroke-width:3px",
  gray: "stroke:#7a828c",
};

/** The classes of a run's steps in a Mermaid picture, one class for each colour. */
export function mermaidClasses({ steps }: RunView): MermaidClass[] {
  const byColour = Map.groupBy(steps, ({ state }) => stateLook(state).colour);
  return [...byColour].map(([name, members]) => ({
    name,
    style: mermaidColours[name],
    steps: members.map(({ number }) => number),
  }));
}
