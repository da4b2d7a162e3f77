import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { startConsole } from "../../cli/console/server.ts";
import { addressOf } from "../../shared/console/address.ts";
import type { PageTarget } from "../../shared/console/page-request.ts";
import type { Chromium } from "./find-chromium.ts";
import type { sampleStage } from "./sample-stage.ts";

/** A console of the sample stage, served as `millrace console` does. */
export type SampleConsole = {
  /** A browser that has opened the console. */
  readonly browser: Browser;
  /** What the browser needs to have to be let in. */
  readonly state: Awaited<ReturnType<BrowserContext["storageState"]>>;
  addressOf(to: PageTarget, theme: "light" | "dark"): string;
  close(): Promise<void>;
};

/** Starts a browser. Nothing is drawn by a graphics card, so that every machine draws the same. */
export function startBrowser({ program, env }: Chromium): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    env: { ...process.env, ...env },
    args: ["--disable-gpu", "--font-render-hinting=none", "--force-color-profile=srgb"],
  });
}

/** Serves a stage's console with the real loopback server, whose functions run in this process, and opens it. */
export async function openSampleConsole(
  found: Chromium,
  stage: Awaited<ReturnType<typeof sampleStage>>,
): Promise<SampleConsole> {
  const functions = { console: stage.console, "console-act": stage.act };
  const running = await startConsole(
    "local",
    async (name, payload) => JSON.parse(JSON.stringify(await functions[name](payload))),
    0,
  );
  const browser = await startBrowser(found);
  const context = await browser.newContext({ javaScriptEnabled: false });
  await (await context.newPage()).goto(running.address);
  const state = await context.storageState();
  await context.close();
  return {
    browser,
    state,
    addressOf(to, theme) {
      const url = new URL(addressOf(to), running.address);
      url.searchParams.set("theme", theme);
      url.searchParams.set("tz", "UTC");
      return url.href;
    },
    async close() {
      await browser.close();
      await running.close();
    },
  };
}
