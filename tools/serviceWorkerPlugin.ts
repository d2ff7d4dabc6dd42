/** Builds the service worker into the site, last, with the list of all its files. */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { build, type Plugin } from "vite";
import { serviceWorkerFile } from "../src/contract/serviceWorker.ts";
import type { Site, SiteFile } from "../src/serviceWorker/siteFiles.ts";

/** ONNX Runtime's binaries. */
const keptOnUse = /^assets\/ort-.*\.wasm$/;
/** For hosts and for other sites, not for the page. */
const neverKept = /(^|\/)(\.[^/]*|_headers|404\.html|social-preview\.png)$/;

export const serviceWorker: Plugin = {
  name: "service-worker",
  apply: "build",
  async writeBundle({ dir }, bundle) {
    if (this.environment.name !== "client" || dir === undefined) return;
    const entry = Object.values(bundle).find((output) => output.type === "chunk" && output.isEntry);
    if (entry === undefined) throw new Error("The page has no first script.");
    await writeServiceWorker(this.environment.config.root, dir, entry.fileName);
  },
};

/**
 * Writes the service worker for a built site into its folder.
 *
 * @param root of the repository.
 * @param entry the page's first script.
 */
export async function writeServiceWorker(root: string, folder: string, entry: string): Promise<void> {
  writeFileSync(join(folder, serviceWorkerFile), await bundleServiceWorker(root, listSite(folder, entry)));
}

/** What the service worker is to know of a built site. */
function listSite(folder: string, entry: string): Site {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .map((found) => relative(folder, join(found.parentPath, found.name)).split(sep).join("/"))
    .filter((path) => path !== serviceWorkerFile && !neverKept.test(path) && !path.endsWith(".map"))
    .sort()
    .map((path): SiteFile => {
      const bytes = readFileSync(join(folder, path));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return { path, sha256, bytes: bytes.length, onUse: keptOnUse.test(path) };
    });
  const version = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 12);
  return { version, entry, files };
}

/** One classic script that imports nothing: service workers that are modules are not to be had everywhere. */
async function bundleServiceWorker(root: string, site: Site): Promise<string> {
  const result = await build({
    root,
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    define: { __SITE__: JSON.stringify(site) },
    build: {
      write: false,
      target: "es2023",
      lib: {
        entry: join(root, "src/serviceWorker/serviceWorker.ts"),
        formats: ["iife"],
        name: "serviceWorker",
      },
    },
  });
  const output = [result].flat().flatMap((built) => ("output" in built ? built.output : []));
  const [chunk] = output;
  if (output.length !== 1 || chunk?.type !== "chunk")
    throw new Error("The service worker is not one script.");
  return chunk.code;
}
