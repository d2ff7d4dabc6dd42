import { expect, test } from "vitest";
import { downloadPolicy, workerPolicy } from "../src/contract/isolation.ts";
import { formatHeaders } from "./headersFile.ts";

test("scripts are bound, the one that downloads by its own policy, and nothing is said twice of a file", () => {
  const [everywhere, serviceWorker, assets, download, ...more] = formatHeaders()
    .trimEnd()
    .split(/\n+(?=\/)/);
  expect(more).toEqual([]);
  expect(everywhere).toMatch(/^\/\*\n {2}Cross-Origin-Opener-Policy: same-origin\n/);
  for (const part of [everywhere, serviceWorker]) expect(part).not.toContain("Content-Security-Policy");
  expect(assets).toMatch(/^\/assets\/\*\n/);
  expect(assets).toContain(`  Content-Security-Policy: ${workerPolicy}`);
  expect(download).toMatch(/^\/download\/\*\n/);
  expect(download).toContain(`  Content-Security-Policy: ${downloadPolicy}`);
});
