import { addressOf } from "../address.ts";
import { html } from "../html.ts";
import type { PageTarget } from "../page-request.ts";
import type { Host } from "./host.ts";

type FileFacts = Pick<Host, "theme" | "zone" | "now" | "stage" | "shows">;

/** The ids of the radio buttons that show a file's pages, by the addresses of the pages. */
export type FilePages = ReadonlyMap<string, string>;

/** A page's place among those of a file. */
export const filePlace = (to: PageTarget): string => addressOf(to);

/** Pages in a file that nothing serves: links lead to other pages of the file, and there are no buttons or boxes. */
export function fileHost(facts: FileFacts, pages: FilePages): Host {
  return {
    ...facts,
    kind: "file",
    id: "mr",
    link(to, content) {
      const choice = pages.get(filePlace(to));
      if (choice === undefined) return html`${content}`;
      return html`<label class="mr-link" for="${choice}">${content}</label>`;
    },
    action: () => html``,
    form: () => html``,
    choice: () => html``,
  };
}
