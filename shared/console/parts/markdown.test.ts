import fc from "fast-check";
import { elementsOf, pageText } from "../../../test/console/elements.ts";
import { render } from "../html.ts";
import { markdown } from "./markdown.ts";

const drawn = (text: string) => render(markdown(text));

test("headings, lists, emphasis, code, quotes and tables are shown", () => {
  const html = drawn(
    "# A\n\n- **one**\n- two,\n  still two\n\n1. `c`\n\n> q\n\n| a | b |\n|---|---|\n| 1 | *2* |\n\n```\nx < y\n```\n",
  );
  const names = elementsOf(html).map(({ tagName }) => tagName);
  expect(names).toEqual(
    expect.arrayContaining([
      "h4",
      "ul",
      "li",
      "strong",
      "ol",
      "code",
      "blockquote",
      "table",
      "th",
      "td",
      "em",
      "pre",
    ]),
  );
  expect(html).toContain("x &lt; y");
  expect(pageText(html)).toContain("two, still two");
});

test("HTML stays text, pictures are links, and only https addresses are links", () => {
  const html = drawn(
    "<b onclick=x>hi</b> ![p](https://example.com/p.png) [x](javascript:alert) [y](http://example.com)",
  );
  expect(elementsOf(html).map(({ tagName }) => tagName)).toEqual(["div", "p", "a", "code", "code"]);
  expect(pageText(html)).toContain("<b onclick=x>hi</b>");
});

test("no text makes an element that Markdown doesn't have", () => {
  const known = new Set(
    [
      "div",
      "p",
      "h4",
      "h5",
      "ul",
      "ol",
      "li",
      "blockquote",
      "pre",
      "code",
      "strong",
      "em",
      "del",
      "a",
      "br",
      "hr",
    ].concat(["table", "thead", "tbody", "tr", "th", "td"]),
  );
  const pieces = fc.constantFrom(
    "<",
    ">",
    "script",
    "</p>",
    "`",
    "*",
    "_",
    "[",
    "](",
    ")",
    "!",
    "\n",
    "\n\n",
    "- ",
    "# ",
    "|",
    "&lt;",
    "\\",
    "onload=x ",
    "javascript:",
    "```",
  );
  const texts = fc.oneof(
    fc.array(pieces, { maxLength: 30 }).map((all) => all.join("")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const { tagName, attrs } of elementsOf(drawn(text))) {
        expect(known.has(tagName)).toBe(true);
        for (const { name } of attrs) expect(["class", "href", "target", "rel", "scope"]).toContain(name);
      }
    }),
    { numRuns: 200 },
  );
});
