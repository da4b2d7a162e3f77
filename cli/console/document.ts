import { raw } from "hono/html";
import { html, render } from "../../shared/console/html.ts";
import { styleElement, styleWithNonce } from "../../shared/console/parts/style.ts";

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

/** What a file may do: nothing but show its own styles and pictures. */
const filePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** A whole document for a file that nothing serves. */
export function fileText({ title, html: pages }: { readonly title: string; readonly html: string }): string {
  const document = html`<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${filePolicy}"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · Millrace</title>${styleElement}</head><body class="${classes.light}">${raw(pages)}</body></html>`;
  return `<!doctype html>${render(document)}\n`;
}
