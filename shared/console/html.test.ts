import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Content, html, render } from "./html.ts";

const folder = import.meta.dirname;
const root = join(folder, "../..");

test("text is escaped, in elements and in attributes", () => {
  const text = `<b a="1" b='2'>&`;
  expect(render(html`<p title="${text}">${text}</p>`)).toBe(
    '<p title="&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;">&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;</p>',
  );
});

test("templates, lists, numbers and nothing can be put into a template", () => {
  expect(render(html`${html`<i>a</i>`}${["b", html`<i>c</i>`, [1]]}${undefined}${false}`)).toBe(
    "<i>a</i>b<i>c</i>1",
  );
});

test("a template refuses what is not finished, and what only claims to be HTML", () => {
  // What the compiler refuses can still come from data.
  const wrong: unknown[] = [
    Promise.resolve("late"),
    { isEscaped: true, toString: () => "<script>" },
    () => "x",
  ];
  for (const value of wrong) {
    expect(() => html`<p>${value as Content}</p>`).toThrow(TypeError);
    expect(() => render(value as ReturnType<typeof html>)).toThrow(TypeError);
  }
});

/** The sources of the console's pages. */
const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => ({ file: `shared/console/${file}`, text: readFileSync(join(folder, file), "utf8") }))
  .concat(
    readdirSync(join(root, "cli/console")).map((file) => ({
      file: `cli/console/${file}`,
      text: readFileSync(join(root, "cli/console", file), "utf8"),
    })),
  );

test("only the style sheet, the JSON of buttons and the document of the loopback server use HTML as it is", () => {
  const users = sources
    .filter(({ text }) => /\braw\b[^\n]*from "hono|raw\(/.test(text))
    .map(({ file }) => file);
  expect(users.sort()).toEqual([
    "cli/console/document.ts",
    "shared/console/host/action-json.ts",
    "shared/console/parts/style.ts",
  ]);
});

test("attributes are in double quotes, or a text could end them", () => {
  for (const { file, text } of sources) {
    expect([file, text.match(/ [\w-]+=(\$\{|'\$\{)/g)]).toEqual([file, null]);
  }
});

test("no page has a script, a handler of events or a style in an attribute", () => {
  for (const { file, text } of sources) {
    expect([file, text.match(/<script|<[a-z][^>]*\s(on[a-z]+|style)="/g)]).toEqual([file, null]);
  }
});
