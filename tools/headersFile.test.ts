import { expect, test } from "vitest";
import { downloadPolicy, workerPolicy } from "../src/contract/isolation.ts";
import { formatHeaders } from "./headersFile.ts";

test("every script is bound, the one that downloads by its own policy, and nothing is said twice of a file", () => {
  const text = formatHeaders(["entry-a.js", "downloadWorker-b.js", "ort-c.mjs", "teacher-d.safetensors"]);
  expect(text).toContain(`/assets/entry-a.js\n  Content-Security-Policy: ${workerPolicy}\n`);
  expect(text).toContain(`/assets/ort-c.mjs\n  Content-Security-Policy: ${workerPolicy}\n`);
  expect(text).toContain(`/assets/downloadWorker-b.js\n  Content-Security-Policy: ${downloadPolicy}\n`);
  expect(text).not.toContain("teacher-d");
  expect(text).toMatch(/^\/\*\n {2}Cross-Origin-Opener-Policy: same-origin\n/);
  const [everywhere] = text.split("\n\n");
  expect(everywhere).not.toContain("Content-Security-Policy");
});

test("more rules than hosts read fail the build", () => {
  const scripts = Array.from({ length: 98 }, (_, i) => `chunk-${i}.js`);
  expect(() => formatHeaders(scripts)).toThrow("101 rules");
});
