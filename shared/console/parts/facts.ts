import { type Content, type Html, html } from "../html.ts";

/** Facts with their names, in as many columns as there is room for. Those without a value are left out. */
export function facts(all: readonly (readonly [name: string, value: Content])[]): Html {
  const known = all.filter(([, value]) => value !== undefined && value !== "" && value !== false);
  return html`<dl class="mr-facts">${known.map(([name, value]) => html`<div class="mr-fact"><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
