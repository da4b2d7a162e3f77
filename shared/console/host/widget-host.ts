import { type Html, html } from "../html.ts";
import type { PageTarget } from "../page-request.ts";
import { actionJson } from "./action-json.ts";
import { formFields } from "./form-fields.ts";
import type { Change, Host } from "./host.ts";

/** The functions that a widget's buttons invoke, by ARN. */
export type Endpoints = { readonly console: string; readonly act: string };

type WidgetFacts = Pick<Host, "theme" | "zone" | "now" | "id" | "stage" | "shows"> & {
  readonly endpoints: Endpoints;
};

/** A form's fields have its name before theirs, because CloudWatch gathers those of all forms. */
export const widgetFieldName = (form: string, field: string) => `${form}.${field}`;

/** A box's field has its value in its name, because CloudWatch keeps one field of a name. */
const widgetChoiceName = (form: string, field: string, value: string) => `${form}.${field}:${value}`;

/** The field and the value of a box, from the name that the form has for it; undefined for any other field. */
export function readChoiceName(name: string): readonly [field: string, value: string] | undefined {
  const end = name.indexOf(":");
  return end < 0 ? undefined : [name.slice(0, end), name.slice(end + 1)];
}

/** CloudWatch's custom widget: a `<cwdb-action>` says what the element right before it does. It knows no addresses. */
export function widgetHost({ endpoints, ...facts }: WidgetFacts): Host {
  const opens = (to: PageTarget | { form: string }): Html =>
    html`<cwdb-action action="call" display="widget" endpoint="${endpoints.console}">${actionJson(to)}</cwdb-action>`;
  const changes = (act: Change, confirm: string, form?: string): Html =>
    html`<cwdb-action action="call" display="widget" endpoint="${endpoints.act}" confirmation="${confirm}">${actionJson({ act, ...(form !== undefined && { form }) })}</cwdb-action>`;
  return {
    ...facts,
    kind: "widget",
    link(to, content, { current = false } = {}) {
      if (!facts.shows(to.page)) return html`${content}`;
      const button = current
        ? html`<button type="button" class="mr-link" aria-current="page">${content}</button>`
        : html`<button type="button" class="mr-link">${content}</button>`;
      return html`${button}${opens(to)}`;
    },
    action: (change, text, confirm) =>
      html`<button type="button" class="mr-button">${text}</button>${changes(change, confirm)}`,
    form({ name, fields, submit, to }) {
      const inputs = formFields(fields, `${facts.id}-${name}`, (field) => widgetFieldName(name, field.name));
      const button = html`<button type="button" class="mr-button">${submit}</button>`;
      if ("page" in to)
        return html`<div class="mr-form">${inputs}${button}${opens({ ...to, form: name })}</div>`;
      const { confirm, ...change } = to;
      return html`<div class="mr-form">${inputs}${button}${changes(change, confirm, name)}</div>`;
    },
    choice: ({ form, field, value, label }) =>
      html`<input type="checkbox" name="${widgetChoiceName(form, field, value)}" value="yes" aria-label="${label}">`,
  };
}
