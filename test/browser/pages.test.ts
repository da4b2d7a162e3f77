import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import { fileText } from "../../cli/console/document.ts";
import { pageNames } from "../../shared/console/page-request.ts";
import { isShown } from "../../shared/console/shown-pages.ts";
import { findChromium } from "./find-chromium.ts";
import { keepPicture } from "./keep-picture.ts";
import { axeFindings, keyboardProblems, sidewaysPixels, squeezedCells, targets } from "./look-at-page.ts";
import { pageTargets } from "./page-targets.ts";
import { openSampleConsole, type SampleConsole } from "./sample-console.ts";
import { type SampleIds, sampleStage } from "./sample-stage.ts";

const chromium = findChromium();
const inBrowser = "missing" in chromium ? describe.skip : describe;

if ("missing" in chromium) {
  process.stderr.write(`The console's pages are not looked at in a browser: ${chromium.missing}\n`);
  // Elsewhere people may have none, but CI must not pass without having looked.
  if (process.env.CI !== undefined && process.env.CI !== "")
    test("CI has a browser", () => {
      throw new Error(chromium.missing);
    });
}

const built = pageNames.filter(isShown);
const themes = ["light", "dark"] as const;

test.each(built)("the page %s has a fixture", (name) => {
  const rows: Readonly<Record<string, unknown>> = pageTargets;
  if (rows[name] === undefined)
    throw new Error(
      `the page "${name}" is built and has no fixture: add a row to test/browser/page-targets.ts`,
    );
});

inBrowser("in a browser", () => {
  let console: SampleConsole;
  let stage: Awaited<ReturnType<typeof sampleStage>>;
  let ids: SampleIds;
  /** As people have it, but scripts are off. */
  let context: BrowserContext;
  /** With scripts, and without the pages' policy: for axe alone. */
  let examined: BrowserContext;

  beforeAll(async () => {
    if ("missing" in chromium) return;
    stage = await sampleStage();
    ids = stage.ids;
    console = await openSampleConsole(chromium, stage);
    const { browser, state: storageState } = console;
    context = await browser.newContext({ storageState, javaScriptEnabled: false });
    examined = await browser.newContext({ storageState, bypassCSP: true });
  });

  afterAll(() => console?.close());

  /** Looks at every fixture of a page. Returns what was found, each with the fixture's name. */
  async function findings(
    name: (typeof built)[number],
    within: () => BrowserContext,
    look: (page: Page, fixture: string) => Promise<readonly string[]>,
    theme: (typeof themes)[number] = "light",
  ): Promise<string[]> {
    const page = await within().newPage();
    const refused: string[] = [];
    page.on("console", (message) => refused.push(message.text()));
    const found: string[] = [];
    for (const { name: fixture, to } of pageTargets[name](ids)) {
      await page.goto(console.addressOf(to, theme));
      const title = await page.title();
      if (title.startsWith("This page can't be shown")) found.push(`${fixture}: ${title}`);
      for (const each of [...(await look(page, fixture)), ...refused.splice(0)])
        found.push(`${fixture}: ${each}`);
    }
    await page.close();
    return found;
  }

  describe.each(themes)("%s", (theme) => {
    test.each(built)("axe finds nothing on the page %s, at 400 and 1,600 pixels", async (name) => {
      const found = await findings(
        name,
        () => examined,
        async (page, fixture) => {
          const all: string[] = [];
          for (const width of [400, 1600]) {
            await page.setViewportSize({ width, height: 900 });
            await keepPicture(page, `${fixture}-${theme}-${width}`);
            all.push(...(await axeFindings(page)).map((each) => `${width} px: ${each}`));
          }
          return all;
        },
        theme,
      );
      expect(found).toEqual([]);
    });
  });

  test("where a chart doesn't fit, its newest column is in view", async () => {
    const page = await context.newPage();
    await page.setViewportSize({ width: 400, height: 900 });
    await page.goto(console.addressOf({ page: "home" }, "light"));
    const newest = await page.locator(".mr-chart g").last().boundingBox();
    await page.close();
    expect(newest?.x).toBeGreaterThan(0);
    expect(newest?.x).toBeLessThan(400);
  });

  // 320 pixels are a window of 1,280 at 400 %, and 800 are one of 1,600 at 200 %.
  test.each(built)(
    "the page %s needs no sideways scrolling, and squeezes no table, from 320 to 1,600 pixels",
    async (name) => {
      const found = await findings(
        name,
        () => context,
        async (page) => {
          const all: string[] = [];
          for (const width of [320, 400, 800, 1600]) {
            await page.setViewportSize({ width, height: 900 });
            const pixels = await sidewaysPixels(page);
            if (pixels > 0) all.push(`${pixels} pixels wider than ${width}`);
            const squeezed = await squeezedCells(page);
            all.push(...squeezed.map((cell) => `squeezed at ${width} pixels: ${cell}`));
          }
          return all;
        },
      );
      expect(found).toEqual([]);
    },
  );

  test.each(built)("every target of the page %s is 24 pixels high", async (name) => {
    const found = await findings(
      name,
      () => context,
      async (page) => {
        await page.setViewportSize({ width: 400, height: 900 });
        const small = (await targets(page)).filter(({ height }) => height < 24);
        return small.map(({ text, width, height }) => `${width} × ${height}: ${text}`);
      },
    );
    expect(found).toEqual([]);
  });

  test.each(built)(
    "the Tab key reaches all that the page %s offers, and the focus is visible",
    async (name) => {
      expect(await findings(name, () => context, keyboardProblems)).toEqual([]);
    },
  );

  test("the file of a run can be used by everybody too, and without a server", async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), "millrace-file-")), "run.html");
    const answer = await stage.console({ export: ids.failed, loopback: { token: "", kept: {} } });
    if (typeof answer === "string") throw new Error("the answer is no page with a title");
    writeFileSync(file, fileText(answer));
    for (const width of [400, 1600]) {
      const page = await examined.newPage();
      await page.setViewportSize({ width, height: 900 });
      await page.goto(pathToFileURL(file).href);
      expect(await axeFindings(page)).toEqual([]);
      expect(await sidewaysPixels(page)).toBe(0);
      const log = page.getByRole("region", { name: "Log of the run's jobs" });
      expect(await log.isVisible()).toBe(false);
      await page.keyboard.press("Tab");
      for (const _ of ["timeline", "graph", "data", "artifacts", "log"])
        await page.keyboard.press("ArrowRight");
      expect(await log.isVisible()).toBe(true);
      await page.close();
    }
    rmSync(path.dirname(file), { recursive: true });
  });

  test("a run is paused and resumed by keyboard alone, without scripts", async () => {
    const page = await context.newPage();
    await page.goto(console.addressOf({ page: "run", runId: ids.running }, "light"));
    for (const [button, state] of [
      ["Pause", "PAUSED"],
      ["Resume", "RUNNING"],
    ] as const) {
      await page.getByRole("button", { name: button }).focus();
      await page.keyboard.press("Enter");
      await page.getByText(`${button} run ${ids.running} of ridge-sweep?`).waitFor();
      await page.getByRole("button", { name: "Yes, do it" }).focus();
      await page.keyboard.press("Enter");
      await page.getByText(`Run ${ids.running} is now ${state}.`).waitFor();
      await page.getByRole("link", { name: `Look at run ${ids.running}` }).click();
    }
    await page.close();
  });
});
