import type { RunView, StepView } from "../../../run/run-view.ts";
import { childrenText } from "../../../wording/state-looks.ts";
import { costText, usageText } from "../../../wording/usage-text.ts";
import type { Host } from "../../host/host.ts";
import { type Content, html } from "../../html.ts";
import { stepBadge } from "../../parts/state-badge.ts";
import { table } from "../../parts/table.ts";
import { duration } from "../../parts/time.ts";

/** What is special about a step, in a line each. */
function detailsOf(
  { children, attempts, cachedFrom, progress, usage, withoutGpu, job, queue }: StepView,
  isCounted: boolean,
): Content[] {
  return [
    children !== undefined && `${childrenText(children)}${isCounted ? ", counted without reading each" : ""}`,
    job !== undefined && `job ${job}${queue === undefined ? "" : ` on ${queue}`}`,
    attempts > 1 && `${attempts} attempts`,
    cachedFrom !== undefined && `result of run ${cachedFrom.runId}`,
    progress !== undefined &&
      `${progress.fraction === undefined ? "" : `${Math.floor(progress.fraction * 100)} % `}${progress.message}`,
    usage !== undefined && usageText(usage),
    withoutGpu === true && "runs without a GPU, because the stage has none",
  ]
    .filter((line) => line !== false)
    .map((line) => html`<div>${line}</div>`);
}

/** The name of a step, as a link to its page where there is one. */
function nameOf({ name, children }: StepView, runId: string, host: Host): Content {
  return host.link({ page: children === undefined ? "step" : "map", runId, step: name }, name);
}

/** Every step with its state, its children in counts, and its time and cost. */
export function stepsTab(view: RunView, counted: ReadonlySet<string>, host: Host): Content {
  const rows = view.steps.map((step) => [
    nameOf(step, view.runId, host),
    stepBadge(step.state),
    step.kind,
    detailsOf(step, counted.has(step.name)),
    duration(step.milliseconds),
    step.cost === undefined || step.cost.dollars === 0 ? "" : costText(step.cost),
  ]);
  const after = view.afterwards.map((step) => [
    step.kind === "hook" ? step.name : `${step.kind} ${step.name}`,
    stepBadge(step.state),
    "after the end",
    step.child === undefined ? "" : host.link({ page: "run", runId: step.child }, step.child),
    duration(step.milliseconds),
    "",
  ]);
  const columns = [
    "Step",
    "State",
    "Kind",
    "Details",
    { heading: "Took", figures: true },
    { heading: "Cost", figures: true },
  ] as const;
  return table("Steps of the run", columns, [...rows, ...after]);
}
