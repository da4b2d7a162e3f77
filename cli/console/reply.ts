import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { documentText } from "./document.ts";

/** A page as the server sends it. */
export type Reply = {
  readonly status: number;
  readonly title: string;
  readonly html: string;
  readonly theme: "light" | "dark";
};

/**
 * Headers of every answer. A page loads nothing and runs no script. No site frames it, no browser stores it, and no other
 * site gets its address.
 */
export function securityHeaders(nonce: string): Record<string, string> {
  const policy = [
    ...["default-src 'none'", `style-src 'nonce-${nonce}'`, "img-src data:", "form-action 'self'"],
    ...["frame-ancestors 'none'", "base-uri 'none'"],
  ];
  return {
    "content-security-policy": policy.join("; "),
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    // With less, browsers would not say where a form comes from.
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
  };
}

/** Sends a page. */
export function sendPage(response: ServerResponse, { status, theme, ...page }: Reply): void {
  const nonce = randomBytes(16).toString("base64url");
  response.writeHead(status, { "content-type": "text/html; charset=utf-8", ...securityHeaders(nonce) });
  response.end(documentText(page, nonce, theme));
}

/** Sends the browser to another address of this server. */
export function sendElsewhere(response: ServerResponse, address: string, cookie: string): void {
  response.writeHead(303, { location: address, "set-cookie": cookie, ...securityHeaders("none") });
  response.end();
}
