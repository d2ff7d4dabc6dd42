/** Writes `_headers` into the site, for hosts that read it (Netlify, Cloudflare Pages). */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { downloadFolder, downloadPolicy, isolationHeaders, workerPolicy } from "../src/contract/isolation.ts";
import { serviceWorkerFile } from "../src/contract/serviceWorker.ts";

export const headersFile: Plugin = {
  name: "headers-file",
  apply: "build",
  writeBundle({ dir }) {
    if (this.environment.name !== "client" || dir === undefined) return;
    writeFileSync(join(dir, "_headers"), formatHeaders());
  },
};

/**
 * What a host is to send. Which scripts become workers is not told from their names, so all have a worker's policy: to a
 * page's script or a picture it says nothing. No file falls under two rules with the same header, since hosts join them.
 */
export function formatHeaders(): string {
  const forGood = { "Cache-Control": "public, max-age=31536000, immutable" };
  const rules: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["/*", { ...isolationHeaders, "X-Content-Type-Options": "nosniff" }],
    [`/${serviceWorkerFile}`, { "Cache-Control": "no-cache" }],
    ["/assets/*", { ...forGood, "Content-Security-Policy": workerPolicy }],
    [`/${downloadFolder}/*`, { ...forGood, "Content-Security-Policy": downloadPolicy }],
  ];
  return rules
    .flatMap(([path, headers]) => [
      path,
      ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`),
      "",
    ])
    .join("\n");
}
