import path from "node:path";
import type { Page } from "playwright-core";

/**
 * Keeps a picture of a whole page in the folder that the variable `MILLRACE_SCREENSHOTS` names, so that CI can store it.
 * Without the variable, nothing is left behind.
 */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env.MILLRACE_SCREENSHOTS;
  if (folder === undefined || folder === "") return;
  await page.screenshot({ path: path.resolve(folder, `${name}.png`), fullPage: true });
}
