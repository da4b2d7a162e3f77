import { raw } from "hono/html";
import { html, render } from "../../shared/console/html.ts";
import { styleWithNonce } from "../../shared/console/parts/style.ts";

/** The body's classes. */
const classes = { light: "mr-page mr-page-light", dark: "mr-page mr-page-dark" } as const;

/** A whole document around a page that the function `console` made, which is HTML already. */
export function documentText(
  { title, html: page }: { readonly title: string; readonly html: string },
  nonce: string,
  theme: "light" | "dark",
): string {
  const document = html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · Millrace</title>${styleWithNonce(nonce)}</head><body class="${classes[theme]}">${raw(page)}</body></html>`;
  return `<!doctype html>${render(document)}`;
}
