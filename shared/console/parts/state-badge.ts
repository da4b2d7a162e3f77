import type { ViewState } from "../../run/run-view.ts";
import { type Look, runLook, stateLook } from "../../wording/state-looks.ts";
import { type Html, html } from "../html.ts";

/** The class of a colour. A table, so that no text of others becomes a class. */
const classes: Readonly<Record<Look["colour"], string>> = {
  green: "mr-badge mr-green",
  red: "mr-badge mr-red",
  cyan: "mr-badge mr-cyan",
  yellow: "mr-badge mr-yellow",
  magenta: "mr-badge mr-magenta",
  gray: "mr-badge mr-gray",
};

/** A state as symbol and word, then colour. */
export function badge({ symbol, word, colour }: Look): Html {
  return html`<span class="${classes[colour]}"><span aria-hidden="true">${symbol}</span> ${word}</span>`;
}

/** The state of a run. */
export const runBadge = (state: string): Html => badge(runLook(state));

/** The state of a step. */
export const stepBadge = (state: ViewState): Html => badge(stateLook(state));
