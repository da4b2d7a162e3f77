import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import * as z from "zod";
import { axeFile } from "./find-chromium.ts";

// What runs inside of the page is text: this project's types know no document.

/** Rules of WCAG 2.2 A and AA, and axe's own best practices that need no whole site. */
const axeTags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const axeSource = readFileSync(axeFile, "utf8");
const violations = z.array(z.string());

/** What axe finds, one line for each element. The page's own scripts may be off, but axe needs timers. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const found = await page.evaluate(
    `axe.run({ runOnly: ${JSON.stringify(axeTags)}, resultTypes: ["violations"] }).then(({ violations }) => violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => id + ": " + help + ": " + html.slice(0, 200))))`,
  );
  return violations.parse(found);
}

/** How many pixels the page is wider than its window. */
export async function sidewaysPixels(page: Page): Promise<number> {
  return z
    .number()
    .parse(
      await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
    );
}

/**
 * Cells of tables that are so narrow that their text stands in a column of letters or syllables. The height is that of
 * the text, because a cell is as high as the highest one of its row.
 */
export async function squeezedCells(page: Page): Promise<string[]> {
  return z
    .array(z.string())
    .parse(
      await page.evaluate(
        `[...document.querySelectorAll("td")].filter((each) => { const { width } = each.getBoundingClientRect(); const text = document.createRange(); text.selectNodeContents(each); const { height } = text.getBoundingClientRect(); return height > 100 && height > 2 * width && each.querySelector("pre") === null; }).map((each) => each.outerHTML.slice(0, 120))`,
      ),
    );
}

/** Elements that can be used: what people click, type into or scroll. */
const usable = `[...document.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex="0"]')].filter((each) => each.checkVisibility())`;

const described = z.array(z.object({ text: z.string(), width: z.number(), height: z.number() }));

/** What can be clicked, with its size in pixels. */
export async function targets(page: Page): Promise<z.infer<typeof described>> {
  return described.parse(
    await page.evaluate(
      `${usable}.filter((each) => !each.matches('[tabindex="0"]')).map((each) => { const { width, height } = each.getBoundingClientRect(); return { text: each.outerHTML.slice(0, 120), width, height }; })`,
    ),
  );
}

const focused = z.object({ place: z.number(), seen: z.boolean() });

/** What the Tab key doesn't reach, and what shows no focus when it is reached. */
export async function keyboardProblems(page: Page): Promise<string[]> {
  const count = z.number().parse(await page.evaluate(`(window.usable = ${usable}).length`));
  const reached = new Set<number>();
  const unseen = new Set<number>();
  // One more than there are, for the browser's own stop at the end of a page.
  for (let press = 0; press <= count; press += 1) {
    await page.keyboard.press("Tab");
    const { place, seen } = focused.parse(
      await page.evaluate(
        `(() => { const place = window.usable.indexOf(document.activeElement); const style = getComputedStyle(document.activeElement); return { place, seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 }; })()`,
      ),
    );
    if (place < 0) continue;
    reached.add(place);
    if (!seen) unseen.add(place);
  }
  const names = z
    .array(z.string())
    .parse(await page.evaluate("window.usable.map((each) => each.outerHTML.slice(0, 120))"));
  return names.flatMap((name, place) => {
    if (!reached.has(place)) return [`not reached: ${name}`];
    return unseen.has(place) ? [`focus not visible: ${name}`] : [];
  });
}
