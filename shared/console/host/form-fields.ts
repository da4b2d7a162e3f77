import { type Html, html } from "../html.ts";
import type { Field } from "./host.ts";

/** The labelled inputs of a form. */
export function formFields(fields: readonly Field[], id: string, nameOf: (field: Field) => string): Html[] {
  return fields.map((field) => {
    const fieldId = `${id}-${field.name}`;
    const { label, value = "", options } = field;
    const name = nameOf(field);
    const input =
      options === undefined
        ? html`<input id="${fieldId}" name="${name}" value="${value}">`
        : html`<select id="${fieldId}" name="${name}">${options.map(([option, text]) =>
            option === value
              ? html`<option value="${option}" selected>${text}</option>`
              : html`<option value="${option}">${text}</option>`,
          )}</select>`;
    return html`<span class="mr-field"><label for="${fieldId}">${label}</label> ${input}</span>`;
  });
}
