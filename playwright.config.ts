import { defineConfig } from "@playwright/test";
import { chromiumLaunchOptions } from "./tools/browser.ts";

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/serveBuild.ts",
  outputDir: "test-results",
  // One software GPU, few cores: specs side by side would only wait for each other.
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  // Specs aim at a minute; the rest is for machines with other things to do.
  timeout: 240_000,
  expect: {
    timeout: 30_000,
    toHaveScreenshot: {
      stylePath: "e2e/appearance.css",
      // Edges of letters differ a little between machines; a colour that is another, or a line that moved, is more.
      threshold: 0.03,
      maxDiffPixelRatio: 0.002,
    },
  },
  snapshotPathTemplate: "{testDir}/appearance/{arg}{ext}",
  reporter: [["list"], ["json", { outputFile: "test-results/e2e.json" }]],
  use: {
    // Set by the global setup, which serves the build.
    baseURL: process.env["PLAYGROUND_URL"],
    browserName: "chromium",
    headless: true,
    viewport: { width: 1280, height: 900 },
    launchOptions: chromiumLaunchOptions({ webgpu: "software" }),
    screenshot: "only-on-failure",
    acceptDownloads: true,
  },
});
