import { type Content, type Html, html } from "../html.ts";
import { outsideLink } from "./outside-link.ts";

// Reports use little of Markdown, and a library that knows all of it is 50 KB: an eighth of what a function may have.
// What isn't known here stays text, so nothing is lost.

/** Within a line: code, strong, emphasis, and links. Each alternative is bounded by its first and last character. */
const inline =
  /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|(?<![\w])_([^_\s][^_]*)_(?![\w])|!?\[([^\][]*)\]\(([^()\s]+)\)/g;

function drawLine(text: string): Content {
  const parts: Content[] = [];
  let from = 0;
  for (const match of text.matchAll(inline)) {
    const [whole, code, strong, starred, underlined, words, address] = match;
    const emphasis = starred ?? underlined;
    parts.push(text.slice(from, match.index));
    if (code !== undefined) parts.push(html`<code>${code}</code>`);
    else if (strong !== undefined) parts.push(html`<strong>${strong}</strong>`);
    else if (emphasis !== undefined) parts.push(html`<em>${emphasis}</em>`);
    else if (address !== undefined) parts.push(outsideLink(address, words === "" ? address : words));
    from = match.index + whole.length;
  }
  return [...parts, text.slice(from)];
}

/** The cells of a row of a table: `| a | b |`. */
const cellsOf = (line: string) =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());

function drawTable([head = "", , ...rows]: readonly string[]): Html {
  const heads = cellsOf(head).map((cell) => html`<th scope="col">${drawLine(cell)}</th>`);
  const body = rows.map(
    (row) => html`<tr>${cellsOf(row).map((cell) => html`<td>${drawLine(cell)}</td>`)}</tr>`,
  );
  return html`<table><thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table>`;
}

/** A kind of block: which line begins it, which lines belong to it, and how it looks. */
type Block = {
  readonly begins: (line: string, next: string | undefined) => boolean;
  readonly continues: (line: string) => boolean;
  /** Whether the line after the last one belongs to it too. */
  readonly closed?: true;
  readonly show: (lines: readonly string[]) => Content;
};

const fence = /^\s*(```|~~~)/;
const bullet = /^\s*[-*+]\s+/;
const ordinal = /^\s*\d+[.)]\s+/;
const isRow = (line: string) => line.includes("|");

const list = (mark: RegExp, toList: (items: readonly Html[]) => Html): Block => ({
  begins: (line) => mark.test(line),
  // A line that is indented goes on with its item.
  continues: (line) => mark.test(line) || /^\s+\S/.test(line),
  show(lines) {
    const items: string[] = [];
    for (const line of lines) {
      const last = items.length - 1;
      if (mark.test(line) || last < 0) items.push(line.replace(mark, ""));
      else items[last] = `${items[last]} ${line.trim()}`;
    }
    return toList(items.map((item) => html`<li>${drawLine(item)}</li>`));
  },
});

const blocks: readonly Block[] = [
  {
    begins: (line) => fence.test(line),
    continues: (line) => !fence.test(line),
    closed: true,
    show: (lines) =>
      html`<pre>${lines.slice(1, fence.test(lines.at(-1) ?? "") && lines.length > 1 ? -1 : undefined).join("\n")}</pre>`,
  },
  {
    begins: (line) => /^#{1,6}\s/.test(line),
    continues: () => false,
    show([line = ""]) {
      const text = drawLine(line.replace(/^#+\s+|\s+#+$/g, ""));
      // The page's own headings are above those of the text.
      return /^##?\s/.test(line) ? html`<h4>${text}</h4>` : html`<h5>${text}</h5>`;
    },
  },
  {
    begins: (line) => /^\s*([-*_])(\s*\1){2,}\s*$/.test(line),
    continues: () => false,
    show: () => html`<hr>`,
  },
  {
    begins: (line, next) =>
      isRow(line) && next !== undefined && /^[\s|:-]*-[\s|:-]*$/.test(next) && isRow(next),
    continues: isRow,
    show: drawTable,
  },
  list(bullet, (items) => html`<ul>${items}</ul>`),
  list(ordinal, (items) => html`<ol>${items}</ol>`),
  {
    begins: (line) => line.startsWith(">"),
    continues: (line) => line.startsWith(">"),
    show: (lines) =>
      html`<blockquote>${drawLine(lines.map((line) => line.replace(/^>\s?/, "")).join(" "))}</blockquote>`,
  },
];

/**
 * A text in Markdown: headings, paragraphs, lists of one level, tables, quotes, code, emphasis and links. HTML in it is
 * shown as text, and pictures are links: pages load nothing.
 */
export function markdown(text: string): Html {
  const lines = text.split(/\r?\n/);
  const drawn: Content[] = [];
  let paragraph: string[] = [];
  const endParagraph = () => {
    if (paragraph.length > 0) drawn.push(html`<p>${drawLine(paragraph.join(" "))}</p>`);
    paragraph = [];
  };
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const block = blocks.find(({ begins }) => begins(line, lines[at + 1]));
    if (block === undefined) {
      if (line.trim() === "") endParagraph();
      else paragraph.push(line.trim());
      at += 1;
      continue;
    }
    endParagraph();
    const rest = lines.slice(at + 1);
    const length = rest.findIndex((each) => !block.continues(each));
    const end = length < 0 ? lines.length : at + 1 + length + (block.closed === true ? 1 : 0);
    drawn.push(block.show(lines.slice(at, end)));
    at = end;
  }
  endParagraph();
  return html`<div class="mr-text">${drawn}</div>`;
}
