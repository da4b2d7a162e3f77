import type { Json } from "../../../pipeline/json.ts";
import type { RunView, StepView } from "../../../run/run-view.ts";
import { type Content, html } from "../../html.ts";
import { dataValue } from "../../parts/data-value.ts";
import { sectionOr } from "../../parts/panel.ts";
import type { Section } from "../../sources.ts";

function resultOf({ output }: StepView): Content {
  if (output === undefined) return undefined;
  return "value" in output ? dataValue(output.value) : html`<p>In S3: <code>${output.uri}</code></p>`;
}

/** The run's parameters and result, and the result of each step. */
export function dataTab(
  view: RunView,
  result: Section<Json | undefined> | undefined,
  counted: ReadonlySet<string>,
): Content {
  const own =
    result &&
    sectionOr("The run's result", result, (value) =>
      value === undefined ? html`<p>None yet, or none that can be shown here.</p>` : dataValue(value),
    );
  return [
    html`<h2>Parameters</h2>${dataValue(view.params)}<h2>Result</h2>${own}`,
    counted.size > 0 &&
      html`<p>A map is too large to read all of its results: <code>npx millrace result ${view.runId}</code></p>`,
    view.steps
      .filter(({ output }) => output !== undefined)
      .map((step) => html`<h2>${step.name}</h2>${resultOf(step)}`),
  ];
}
