import { join } from "node:path";
import { chromium, type Browser } from "playwright";
import { build } from "vite";
import { chromiumLaunchOptions, ensureChromium } from "../browser.ts";
import { serveSite } from "../serve.ts";

/** Where the built page lies, with the maps of its scripts. */
export const benchSiteFolder = join(import.meta.dirname, "../../out/bench-site");

/** Builds the page as it is published, serves it, and opens a Chromium for it while `visit` lasts. */
export async function withBuiltPage<T>(visit: (browser: Browser, url: string) => Promise<T>): Promise<T> {
  ensureChromium();
  await build({
    root: join(import.meta.dirname, "../.."),
    logLevel: "error",
    build: { outDir: benchSiteFolder, emptyOutDir: true, sourcemap: "hidden" },
  });
  const site = await serveSite({ folder: benchSiteFolder });
  const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "hardware" }));
  try {
    return await visit(browser, site.url);
  } finally {
    await browser.close();
    await site.close();
  }
}
