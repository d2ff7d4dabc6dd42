/** Takes docs/first-half-minute.png: the default demo from the click on, at rest. `npm run film-strip`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright";
import type {} from "../src/page/shell/automation.ts"; // window.playground
import { chromiumLaunchOptions, ensureChromium } from "./browser.ts";
import { buildSiteIfStale, distFolder, repositoryRoot } from "./build.ts";
import { serveSite } from "./serve.ts";

/** Seconds after the click on Start. */
const moments = [0.5, 2, 5, 10, 20, 30];
const size = { width: 1440, height: 900 };
/** Pictures beside each other, each so many pixels wide. */
const columns = 3;
const pictureWidth = 640;

ensureChromium();
await buildSiteIfStale();
const site = await serveSite({ folder: distFolder });
const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "hardware" }));
try {
  const page = await browser.newPage({ viewport: size });
  await page.goto(site.url);
  await page.waitForFunction(() => (window.playground?.snapshot().backend ?? null) !== null);
  await page.getByTestId("start").click();
  const startMs = performance.now();
  const pictures: { readonly caption: string; readonly png: Buffer }[] = [];
  for (const moment of moments) {
    await page.waitForTimeout(Math.max(0, 1000 * moment - (performance.now() - startMs)));
    const step = await page.evaluate(() => window.playground?.snapshot().run.step ?? 0);
    const seconds = (performance.now() - startMs) / 1000;
    pictures.push({
      caption: `${seconds.toFixed(1)} s after the click, step ${step}`,
      png: await page.screenshot(),
    });
  }
  const figures = pictures.map(
    ({ caption, png }) =>
      `<figure><img src="data:image/png;base64,${png.toString("base64")}"><figcaption>${caption}</figcaption></figure>`,
  );
  const sheet = await browser.newPage({ viewport: { width: columns * (pictureWidth + 16), height: 100 } });
  await sheet.setContent(`<style>
    body { margin: 0; display: grid; grid-template-columns: repeat(${columns}, ${pictureWidth}px); gap: 16px; background: white }
    figure { margin: 0; font: 16px system-ui } img { width: 100%; border: 1px solid #bbb }
  </style>${figures.join("")}`);
  const out = join(repositoryRoot, "docs", "first-half-minute.png");
  writeFileSync(out, await sheet.screenshot({ fullPage: true }));
  console.log(`Wrote ${out}`);
} finally {
  await browser.close();
  await site.close();
}
