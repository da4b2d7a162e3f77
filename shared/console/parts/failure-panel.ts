import type { ErrorView } from "../../run/run-view.ts";
import { stepLabel } from "../../state/step-record.ts";
import { type Content, type Html, html } from "../html.ts";
import { errorPanel } from "./panel.ts";

/** Why a step, or one child of a map, failed; where it was thrown; and where its log is. */
export function failurePanel(step: string, error: ErrorView, more?: Content): Html {
  const { stack = [], log } = error;
  return errorPanel({ ...error, message: `${stepLabel(step, error.index)}: ${error.message}` }, [
    stack.length > 0 &&
      html`<details><summary>Where it was thrown</summary><pre>${stack.join("\n")}</pre></details>`,
    log !== undefined && html`<p>Log: <code>${log}</code></p>`,
    more,
  ]);
}
