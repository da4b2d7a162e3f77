// Characters that change how the text around them looks, or look like nothing: controls, marks and overrides of the
// direction of writing, spaces without width, breaks of lines and paragraphs. Tab and line feed are harmless.
const hidden = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function shown(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** A text in which every character can be seen, so that no text can pose as another. */
export function visibleText(text: string): string {
  return text.toWellFormed().replace(hidden, shown);
}
