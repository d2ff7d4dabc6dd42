import { chromium } from "playwright";
import { defaultConfig } from "../src/contract/config.ts";
import type {} from "../src/page/automation.ts";
import { formatLink } from "../src/page/commands/shareLink.ts";
import { chromiumLaunchOptions } from "./browser.ts";
import { buildSiteIfStale, distFolder } from "./build.ts";
import { serveSite } from "./serve.ts";
await buildSiteIfStale();
const site = await serveSite({ folder: distFolder });
const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "hardware" }));
const shoot = async (w: number, h: number) => {
  const page = await browser.newPage({ viewport: { width: w, height: h }, colorScheme: "light" });
  const link = formatLink({ ...defaultConfig, steps: 400, evaluateEvery: 20 });
  await page.goto(`${site.url}#${link}`);
  await page.getByTestId("start").click();
  for (let step = 0; step < 60; ) { await page.waitForTimeout(500); step = (await page.evaluate(() => window.playground?.snapshot().run))?.step ?? 0; }
  const sizes = w > 1000 ? [[1440, 900], [1024, 768]] : [[w, h]];
  for (const [a, b] of sizes) for (const scheme of ["light", "dark"] as const) {
    await page.setViewportSize({ width: a!, height: b! });
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForTimeout(700);
    await page.screenshot({ path: `/tmp/shots/run-${a}-${scheme}.png` });
    if (w < 1000) {
      await page.screenshot({ path: `/tmp/shots/run-${a}-${scheme}-full.png`, fullPage: true });
    }
  }
  if (w < 1000) { for (const id of ["teacher", "data"]) await page.locator(`#${id} > summary`).click(); await page.waitForTimeout(300); }
  for (const scheme of ["light", "dark"] as const) for (const [a, b] of sizes) {
    await page.setViewportSize({ width: a!, height: b! });
    await page.emulateMedia({ colorScheme: scheme });
    await page.locator("#teacher").scrollIntoViewIfNeeded();
    await page.waitForTimeout(300);
    await page.locator("#teacher").screenshot({ path: `/tmp/shots/teacher-${a}-${scheme}.png` });
    await page.locator("#data").screenshot({ path: `/tmp/shots/data-${a}-${scheme}.png` });
  }
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  console.log(w, "overflow", overflow);
  await page.close();
};
await shoot(1440, 900);
await shoot(390, 844);
await browser.close();
await site.close();
