import { addressOf, textFields } from "../address.ts";
import { type Html, html } from "../html.ts";
import type { PageTarget } from "../page-request.ts";
import { formFields } from "./form-fields.ts";
import type { Change, Field, Host } from "./host.ts";

type LoopbackFacts = Pick<Host, "theme" | "zone" | "now" | "stage" | "shows"> & {
  /** Proves that a form comes from a page of this server. */
  readonly token: string;
  /** Parameters that every address keeps: `tz` and `theme`, if somebody chose them. */
  readonly kept: Readonly<Record<string, string>>;
};

/** Where the loopback server takes changes. */
export const changePath = "/act";

/** The address of a page with the parameters that every address keeps. */
export function keptAddress(to: PageTarget, kept: Readonly<Record<string, string>>): string {
  const address = addressOf(to);
  const query = new URLSearchParams(kept).toString();
  if (query === "") return address;
  return `${address}${address.includes("?") ? "&" : "?"}${query}`;
}

/** Plain addresses and forms, as `millrace console` serves them. */
export function loopbackHost({ token, kept, ...facts }: LoopbackFacts): Host {
  const id = "mr";
  const hidden = (name: string, value: string): Html =>
    html`<input type="hidden" name="${name}" value="${value}">`;
  const changeForm = (change: Change, confirm: string, text: string, fields: Html[]) =>
    html`<form class="mr-form" method="post" action="${changePath}">${[
      hidden("token", token),
      hidden("request", JSON.stringify(change)),
      hidden("confirm", confirm),
      Object.entries(kept).map(([name, value]) => hidden(`kept.${name}`, value)),
      fields,
    ]}<button class="mr-button">${text}</button></form>`;
  const fieldName = ({ name }: Field) => `field.${name}`;
  return {
    ...facts,
    id,
    kind: "loopback",
    link(to, content, { current = false } = {}) {
      if (!facts.shows(to.page)) return html`${content}`;
      const address = keptAddress(to, kept);
      return current
        ? html`<a class="mr-link" href="${address}" aria-current="page">${content}</a>`
        : html`<a class="mr-link" href="${address}">${content}</a>`;
    },
    action: (change, text, confirm) => changeForm(change, confirm, text, []),
    form({ name, fields, submit, to }) {
      const formId = `${id}-${name}`;
      if (!("page" in to)) {
        const { confirm, ...change } = to;
        return changeForm(change, confirm, submit, formFields(fields, formId, fieldName));
      }
      const own = new Set(fields.map((field) => field.name));
      const others = textFields(to).filter(([field]) => !own.has(field));
      const action = to.page === "home" ? "/" : `/${to.page}`;
      return html`<form class="mr-form" id="${formId}" method="get" action="${action}">${[
        [...others, ...Object.entries(kept)].map(([field, value]) => hidden(field, value)),
        formFields(fields, formId, (field) => field.name),
      ]}<button class="mr-button">${submit}</button></form>`;
    },
    choice: ({ form, field, value, label }) =>
      html`<input type="checkbox" form="${id}-${form}" name="${field}" value="${value}" aria-label="${label}">`,
  };
}
