/** Builds the playground into dist/: `npm run build`. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type LogLevel } from "vite";

export const repositoryRoot = fileURLToPath(new URL("..", import.meta.url));
export const distFolder = join(repositoryRoot, "dist");
/** What dist was built from. A dot file, so the server does not serve it. */
const stampFile = join(distFolder, ".built-from");

/** Files and folders that decide what the build is. */
const inputs = [
  "index.html",
  "package.json",
  "package-lock.json",
  "vite.config.ts",
  "tools/firstLoad.ts",
  "tools/headersFile.ts",
  "tools/serviceWorkerPlugin.ts",
  "tools/siteAddress.ts",
  "tsconfig.base.json",
  "src",
  "public",
];

export async function buildSite(logLevel: LogLevel = "info"): Promise<void> {
  const stamp = inputStamp();
  await build({ root: repositoryRoot, logLevel });
  writeFileSync(stampFile, stamp);
}

/** @returns whether it had to build. */
export async function buildSiteIfStale(logLevel: LogLevel = "warn"): Promise<boolean> {
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === inputStamp()) return false;
  await buildSite(logLevel);
  return true;
}

/** A hash over every input's path and content. */
function inputStamp(): string {
  const hash = createHash("sha256");
  const add = (path: string): void => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) add(join(path, name));
    } else if (!/\.test\.tsx?$/.test(path)) {
      hash.update(`${path}\0`).update(readFileSync(path));
    }
  };
  for (const name of inputs) add(join(repositoryRoot, name));
  return hash.digest("hex");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildSite();
