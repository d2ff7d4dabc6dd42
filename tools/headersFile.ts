/** Writes `_headers` into the site, for hosts that read it (Netlify, Cloudflare Pages). */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { isolationHeaders, policyOfScript } from "../src/contract/isolation.ts";
import { serviceWorkerFile } from "../src/contract/serviceWorker.ts";

/** Cloudflare reads so many. */
const mostRules = 100;

export const headersFile: Plugin = {
  name: "headers-file",
  apply: "build",
  writeBundle({ dir }) {
    if (this.environment.name !== "client" || dir === undefined) return;
    writeFileSync(join(dir, "_headers"), formatHeaders(readdirSync(join(dir, "assets"))));
  },
};

/**
 * What a host is to send. Which scripts become workers is not told from their names, so each has a worker's policy: to a
 * page's script it says nothing. Rules for one file must not say the same header twice, since hosts join them.
 */
export function formatHeaders(assets: readonly string[]): string {
  const rules: [string, Readonly<Record<string, string>>][] = [
    ["/*", { ...isolationHeaders, "X-Content-Type-Options": "nosniff" }],
    [`/${serviceWorkerFile}`, { "Cache-Control": "no-cache" }],
    ["/assets/*", { "Cache-Control": "public, max-age=31536000, immutable" }],
    ...assets
      .filter((name) => /\.m?js$/.test(name))
      .sort()
      .map((name): [string, Readonly<Record<string, string>>] => {
        const path = `/assets/${name}`;
        return [path, { "Content-Security-Policy": policyOfScript(path) }];
      }),
  ];
  if (rules.length > mostRules)
    throw new Error(`_headers would have ${rules.length} rules, and hosts read ${mostRules}.`);
  return rules
    .flatMap(([path, headers]) => [
      path,
      ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`),
      "",
    ])
    .join("\n");
}
