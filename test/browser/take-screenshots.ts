/**
 * Draws every page of the console in a browser, in both themes and at two widths: `npm run screenshots`. With `--docs`,
 * it also draws the pictures of the documentation anew. Names of fixtures, such as `run-failed`, limit it to those.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import UPNG from "upng-js";
import { CACHE, REPOSITORY } from "../../local/stack/paths.ts";
import { type PageTarget, pageNames } from "../../shared/console/page-request.ts";
import { isShown } from "../../shared/console/shown-pages.ts";
import { findChromium } from "./find-chromium.ts";
import { pageTargets } from "./page-targets.ts";
import { openSampleConsole, type SampleConsole } from "./sample-console.ts";
import { type SampleIds, sampleStage } from "./sample-stage.ts";

const widths = [400, 1600] as const;
const themes = ["light", "dark"] as const;

/** A picture of the documentation. */
type Picture = {
  readonly to: (ids: SampleIds) => PageTarget;
  readonly theme: (typeof themes)[number];
  /** How much of a long page is kept, in pixels from the top. */
  readonly maxHeight: number;
};

/** The pictures in docs/console/, by their names. Those of pages that are not built yet are not drawn. */
const pictures: Readonly<Record<string, Picture>> = {
  home: { to: () => ({ page: "home" }), theme: "light", maxHeight: 900 },
  "failed-run": {
    to: ({ failed }) => ({ page: "run", runId: failed, tab: "log" }),
    theme: "light",
    maxHeight: 900,
  },
  "running-sweep": {
    to: ({ running }) => ({ page: "run", runId: running, tab: "timeline" }),
    theme: "dark",
    maxHeight: 900,
  },
  "large-map": {
    to: ({ mapped }) => ({ page: "map", runId: mapped, step: "score_item" }),
    theme: "light",
    maxHeight: 900,
  },
};

/** Pixels. */
const pictureWidth = 1280;

async function draw(
  { browser, state, addressOf }: SampleConsole,
  {
    to,
    theme,
    width,
    maxHeight,
  }: { to: PageTarget; theme: (typeof themes)[number]; width: number; maxHeight?: number },
  file: string,
): Promise<void> {
  const viewport = { width, height: 400 };
  const page = await browser.newPage({ storageState: state, javaScriptEnabled: false, viewport });
  await page.goto(addressOf(to, theme));
  const content = await page.locator(".mr").boundingBox();
  const clip = {
    x: 0,
    y: 0,
    width,
    height: Math.min(content?.height ?? 400, maxHeight ?? Number.POSITIVE_INFINITY),
  };
  await page.screenshot({ path: file, fullPage: true, clip });
  await page.close();
}

/** Makes a picture's file small: a palette of 64 colours is enough for a page. */
function shrink(file: string): void {
  const picture = UPNG.decode(new Uint8Array(readFileSync(file)).buffer);
  const small = UPNG.encode(UPNG.toRGBA8(picture), picture.width, picture.height, 64);
  writeFileSync(file, Buffer.from(small));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { docs: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const chromium = findChromium();
  if ("missing" in chromium) throw new Error(chromium.missing);
  const folder = path.join(CACHE, "screenshots");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const stage = await sampleStage();
  const served = await openSampleConsole(chromium, stage);
  try {
    const all = pageNames.filter(isShown).flatMap((page) => pageTargets[page](stage.ids));
    const chosen = all.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
    for (const { name, to } of chosen) {
      for (const theme of themes) {
        for (const width of widths)
          await draw(served, { to, theme, width }, path.join(folder, `${name}-${theme}-${width}.png`));
      }
    }
    console.log(
      `${chosen.length} of ${all.length} pages are drawn in ${path.relative(process.cwd(), folder)}`,
    );
    if (!values.docs) return;
    const places = Object.entries(pictures).flatMap(([name, { to, ...look }]) => {
      const target = to(stage.ids);
      const file = path.join(REPOSITORY, "docs", "console", `${name}.png`);
      return isShown(target.page) ? [{ file, target, look }] : [];
    });
    for (const { file, target, look } of places)
      await draw(served, { to: target, width: pictureWidth, ...look }, file);
    for (const { file } of places) shrink(file);
    console.log(`${places.length} pictures are drawn in docs/console`);
  } finally {
    await served.close();
  }
}

await main();
