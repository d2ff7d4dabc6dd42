/** Draws the icons of the installed page from public/icon.svg: `npm run icons`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright";
import { chromiumLaunchOptions, ensureChromium } from "./browser.ts";
import { repositoryRoot } from "./build.ts";

const folder = join(repositoryRoot, "public");
/** Of a maskable icon, systems cut off whatever lies outside a circle of 80 % of its width. */
const icons = [
  { name: "icon-192.png", side: 192, share: 1, ground: "transparent" },
  { name: "icon-512.png", side: 512, share: 1, ground: "transparent" },
  { name: "icon-maskable-512.png", side: 512, share: 0.8, ground: "#0b5cad" },
  { name: "apple-touch-icon.png", side: 180, share: 1, ground: "#0b5cad" },
] as const;

ensureChromium();
const svg = readFileSync(join(folder, "icon.svg")).toString("base64");
const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "hardware" }));
try {
  const page = await browser.newPage();
  for (const { name, side, share, ground } of icons) {
    await page.setViewportSize({ width: side, height: side });
    await page.setContent(
      `<body style="margin:0;display:grid;place-items:center;height:100vh;background:${ground}">
       <img style="width:${100 * share}vw" src="data:image/svg+xml;base64,${svg}">`,
    );
    await page.locator("img").evaluate((image: HTMLImageElement) => image.decode());
    writeFileSync(join(folder, name), await page.screenshot({ omitBackground: true }));
    console.log(`Wrote public/${name}`);
  }
} finally {
  await browser.close();
}
