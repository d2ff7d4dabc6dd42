import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { chromiumLaunchOptions } from "./tools/browser.ts";
import { isolationHeaders } from "./src/contract/isolation.ts";
import { onnxConditions } from "./vite.config.ts";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          environment: "node",
          include: ["src/**/*.test.{ts,tsx}", "verify/**/*.test.ts", "tools/**/*.test.ts"],
          exclude: ["**/*.browser.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        resolve: { conditions: onnxConditions },
        server: { headers: isolationHeaders }, // so that WASM threads are tested too
        // Found by name at run time only; without this Vite reloads the page in the middle of a suite.
        optimizeDeps: {
          include: [
            "@tensorflow/tfjs",
            "@tensorflow/tfjs-backend-wasm",
            "@tensorflow/tfjs-backend-webgpu",
            "@noble/hashes/sha2.js",
            "@noble/hashes/utils.js",
            "@zip.js/zip.js",
            "hyparquet",
            "hyparquet/src/column.js",
            "hyparquet/src/datapage.js",
            "hyparquet/src/plain.js",
            "hyparquet/src/schema.js",
            "hyparquet-compressors",
            "hyparquet-writer",
            "onnxruntime-web/wasm",
            "onnxruntime-web/webgpu",
            "zod",
          ],
        },
        test: {
          name: "browser",
          include: ["src/**/*.browser.test.ts", "verify/**/*.browser.test.ts"],
          globalSetup: ["tools/testing/serveHub.ts"],
          // Each suite waits for software WebGPU to compile its shaders.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: chromiumLaunchOptions({ webgpu: "software" }) }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
