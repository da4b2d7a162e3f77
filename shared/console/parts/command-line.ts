import { type Html, html } from "../html.ts";

/** An argument as a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The command that answers the same as JSON. */
export function commandLine(stage: string, words: readonly string[]): Html {
  const where = stage === "local" ? [] : ["--stage", stage];
  const text = ["npx", "millrace", ...words, ...where, "--json"].map(quoted).join(" ");
  return html`<p>The same as JSON: <code>${text}</code></p>`;
}
