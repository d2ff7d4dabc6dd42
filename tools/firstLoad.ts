/** What a visitor's browser loads before the page can be used, and a limit to it. */
import { gzipSync } from "node:zlib";
import type { HtmlTagDescriptor, Plugin } from "vite";

/** Scripts that the page needs before it can be used, without the engine; gzip. */
export const mostFirstBytes = 170_000;

/** As far as it is looked at here: a script of the build. */
export interface BuiltChunk {
  readonly type: "chunk";
  readonly fileName: string;
  readonly name: string;
  readonly code: string;
  readonly isEntry: boolean;
  readonly imports: readonly string[];
  readonly dynamicImports: readonly string[];
  readonly moduleIds: readonly string[];
  readonly viteMetadata?: { readonly importedCss: ReadonlySet<string> };
}
export type Bundle = Readonly<Record<string, BuiltChunk | { readonly type: "asset" }>>;

/**
 * `boot.ts`, and `main.tsx`, which it imports when it has asked for the engine, with all that those stand on.
 *
 * @throws Error when the build has no such scripts.
 */
export function firstChunks(bundle: Bundle): readonly BuiltChunk[] {
  const chunks = Object.values(bundle).filter((output) => output.type === "chunk");
  const entry = chunks.find(({ isEntry }) => isEntry);
  const main = chunks.find(
    ({ name, fileName }) => name === "main" && entry?.dynamicImports.includes(fileName),
  );
  if (entry === undefined || main === undefined)
    throw new Error("The page has no boot.ts that imports main.tsx.");
  const first = new Set([entry, main]);
  for (const { imports } of first)
    for (const name of imports) {
      const imported = bundle[name];
      if (imported?.type === "chunk") first.add(imported); // and is looked at in its turn
    }
  return [...first];
}

/** @throws Error when the first scripts are too large, or a script of the page brings tfjs along. */
export function checkFirstLoad(bundle: Bundle): void {
  const bytes = firstChunks(bundle).reduce((sum, { code }) => sum + gzipSync(code).length, 0);
  if (bytes > mostFirstBytes)
    throw new Error(
      `The page's first scripts take ${(bytes / 1000).toFixed(1)} kB (gzip), and ${mostFirstBytes / 1000} kB is the limit. ` +
        "Import what the first paint does not need with import().",
    );
  for (const output of Object.values(bundle)) {
    if (output.type !== "chunk") continue;
    const tfjs = output.moduleIds.find((id) => id.includes("node_modules/@tensorflow/"));
    if (tfjs !== undefined)
      throw new Error(`${output.fileName} is a script of the page and brings tfjs along: ${tfjs}`);
  }
}

/** Has everything of the first load fetched at once, not one after another, and fails a build that loads too much. */
export const firstLoad: Plugin = {
  name: "first-load",
  apply: "build",
  generateBundle(_, bundle) {
    if (this.environment.name === "client") checkFirstLoad(bundle);
  },
  transformIndexHtml: {
    order: "post",
    handler(html, { bundle }) {
      if (bundle === undefined) return [];
      const tags: HtmlTagDescriptor[] = [];
      const link = (rel: string, file: string): void => {
        if (html.includes(file)) return;
        const attrs = { rel, href: `./${file}`, crossorigin: true };
        tags.push({ tag: "link", attrs, injectTo: "head" });
      };
      for (const { fileName, viteMetadata } of firstChunks(bundle)) {
        link("modulepreload", fileName);
        for (const style of viteMetadata?.importedCss ?? []) link("stylesheet", style);
      }
      return tags;
    },
  },
};
