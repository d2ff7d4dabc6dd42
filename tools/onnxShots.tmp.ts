import { chromium } from "playwright";
import { writeFileSync } from "node:fs";
import { chromiumLaunchOptions } from "./browser.ts";
import { distFolder } from "./build.ts";
import { serveSite } from "./serve.ts";
import { convolutionalEncoder, transformerEncoder } from "../src/formats/testing/onnxModels.ts";
import { defaultConfig } from "../src/contract/config.ts";
import { formatLink } from "../src/page/commands/shareLink.ts";
const site = await serveSite({ folder: distFolder });
const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "software" }));
for (const [w, h, scheme] of [[1440, 900, "light"], [1024, 768, "dark"], [390, 844, "light"], [390, 844, "dark"], [1440,900,"dark"]] as const) {
  const page = await browser.newPage({ viewport: { width: w, height: h }, colorScheme: scheme });
  page.on("console", (m) => m.type() === "error" && console.log("console:", m.text()));
  await page.goto(`${site.url}#${formatLink({ ...defaultConfig, imageSize: 16 }, "wasm")}`);
  await page.waitForFunction(() => (window as any).playground?.snapshot().backend != null);
  await page.getByTestId("teacher-input").setInputFiles({ name: "classifier.onnx", mimeType: "", buffer: Buffer.from((w === 1024 ? transformerEncoder() : convolutionalEncoder()).bytes) });
  await page.getByTestId("teacher-recipe").waitFor();
  await page.screenshot({ path: `/tmp/onnx-${w}-${scheme}.png` });
  if (w === 1440 && scheme === "light") {
    await page.getByTestId("recipe-size").fill("32");
    await page.getByTestId("teacher-use").click();
    await page.getByTestId("teacher-card").waitFor();
    await page.getByTestId("teacher-card").scrollIntoViewIfNeeded();
    await page.screenshot({ path: `/tmp/onnx-card.png` });
    // The real Teachable Machine export.
    await page.getByTestId("teacher-input").setInputFiles("/work/shared/data/teachable-machine-mobilenet.zip");
    await page.getByTestId("teacher-recipe").waitFor({ timeout: 60000 });
    await page.screenshot({ path: `/tmp/onnx-tm.png` });
    await page.getByTestId("teacher-use").click();
    await page.waitForFunction(() => (window as any).playground?.snapshot().teacher?.source === "tfjs-layers", null, { timeout: 60000 });
    console.log(JSON.stringify(await page.evaluate(() => (window as any).playground.snapshot().teacher)));
  }
  await page.close();
}
await browser.close();
await site.close();
