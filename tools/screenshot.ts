/** Takes docs/screenshot.png from the real app in the middle of a run on the demo set: `npm run screenshot`. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { defaultConfig } from "../src/contract/config.ts";
import type {} from "../src/page/shell/automation.ts"; // window.playground
import { formatLink } from "../src/page/commands/shareLink.ts";
import { chromiumLaunchOptions, ensureChromium } from "./browser.ts";
import { buildSiteIfStale, distFolder, repositoryRoot } from "./build.ts";
import { serveSite } from "./serve.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(repositoryRoot, "docs", "screenshot.png") },
    steps: { type: "string", default: "120" },
    width: { type: "string", default: "1440" },
    height: { type: "string", default: "900" },
    scheme: { type: "string", default: "light" },
  },
});

ensureChromium();
await buildSiteIfStale();
const site = await serveSite({ folder: distFolder });
const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "hardware" }));
try {
  const page = await browser.newPage({
    viewport: { width: Number(values.width), height: Number(values.height) },
    colorScheme: values.scheme === "dark" ? "dark" : "light",
  });
  const shownSteps = Number(values.steps);
  // A little more to come, so that the page is seen while it works.
  const link = formatLink({ ...defaultConfig, steps: Math.ceil(shownSteps * 1.5), evaluateEvery: 20 });
  await page.goto(`${site.url}#${link}`);
  await page.getByTestId("start").click();
  for (let step = 0; step < shownSteps;) {
    await page.waitForTimeout(500);
    const run = await page.evaluate(() => window.playground?.snapshot().run);
    if (run?.state === "ended") throw new Error(`The run ended early: ${JSON.stringify(run.end)}`);
    step = run?.step ?? 0;
  }
  await page.screenshot({ path: values.out });
  console.log(`Wrote ${values.out}`);
} finally {
  await browser.close();
  await site.close();
}
