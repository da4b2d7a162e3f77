import { type Content, html } from "../html.ts";

/** A link to another site, if its address is one of `https:`; otherwise the address as text. */
export function outsideLink(address: string, content: Content): Content {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== "https:") return html`${content} <code>${address}</code>`;
  return html`<a class="mr-link" href="${url.href}" target="_blank" rel="noopener noreferrer">${content}</a>`;
}
