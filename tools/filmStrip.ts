/** Takes docs/first-half-minute.png: the default demo from the click on, at rest. `npm run film-strip`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright";
import { chromiumLaunchOptions } from "./browser.ts";
import { repositoryRoot } from "./build.ts";
import { filmRun } from "./filmRun.ts";

/** Seconds after the click on Start. */
const moments = [0.5, 2, 5, 10, 20, 30];
/** Pictures beside each other, each so many pixels wide. */
const columns = 3;
const pictureWidth = 640;

const [, ...pictures] = await filmRun({
  width: 1440,
  height: 1000,
  scale: pictureWidth / 1440,
  isDue: ({ seconds }, { length }) => seconds >= (moments[length - 1] ?? Infinity),
  isEnough: (_, { length }) => length > moments.length,
});
const figures = pictures.map(
  ({ seconds, step, png }) =>
    `<figure><img src="data:image/png;base64,${png.toString("base64")}"><figcaption>${seconds.toFixed(1)} s after the click, step ${step}</figcaption></figure>`,
);
const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "hardware" }));
try {
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
}
