import type * as z from "zod";
import type { manageRequest } from "../../operate/manage.ts";
import type { Content, Html } from "../html.ts";
import type { PageName, PageTarget } from "../page-request.ts";

/** A change that a button makes: a request to `manage`. */
export type Change = z.input<typeof manageRequest>;

/** A field of a form. Its name is that of a field of the request. */
export type Field = {
  readonly name: string;
  readonly label: string;
  readonly value?: string | undefined;
  /** The values to choose from, each with its text. Without them, people type a text. */
  readonly options?: readonly (readonly [value: string, text: string])[];
};

/** Fields that complete a request. */
export type Form = {
  /** Letters only; no other form of the page has it. */
  readonly name: string;
  readonly fields: readonly Field[];
  /** The text of its button. */
  readonly submit: string;
  /** The page that it opens, or the change that it makes after a confirmation. Fields are added to it. */
  readonly to: PageTarget | (Change & { readonly confirm: string });
};

/** One value of a list that a form gathers. */
export type Choice = {
  /** Name of the form. */
  readonly form: string;
  /** The list, by the name that the request has for it. */
  readonly field: string;
  readonly value: string;
  /** What it means to tick it, for those who can't see where it is. */
  readonly label: string;
};

/** Where a page is shown. A page is the same everywhere; hosts differ in how links and buttons work. */
export type Host = {
  readonly kind: "widget" | "loopback" | "file";
  readonly theme: "light" | "dark";
  /** Time zone, IANA or an offset such as `+02:00`. */
  readonly zone: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Begins every id of the page, because a dashboard may show several pages. Letters, digits and hyphens. */
  readonly id: string;
  /** The stage that is shown. */
  readonly stage: string;
  /** Whether a page is built. */
  shows(page: PageName): boolean;
  /** A link to another page, or to this one with other filters. For a page that is not built, only the content. */
  link(to: PageTarget, content: Content, options?: { readonly current?: boolean }): Html;
  /** A button that makes a change, after a confirmation that names what is changed and the effect. */
  action(change: Change, text: string, confirm: string): Html;
  form(form: Form): Html;
  /** A box to tick: it adds a value to a list of a form that is elsewhere on the page. */
  choice(choice: Choice): Html;
};
