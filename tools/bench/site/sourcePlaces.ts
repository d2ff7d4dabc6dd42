import { readFileSync, readdirSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { join } from "node:path";
import type { ScriptPlace } from "./trace.ts";

/** Tells what a place in a built script was before: "src/page/plots/lineChart.ts:120". */
export class SourcePlaces {
  readonly #maps: ReadonlyMap<string, SourceMap>;

  /** @param assets folder with scripts and their source maps. */
  constructor(assets: string) {
    this.#maps = new Map(
      readdirSync(assets)
        .filter((name) => name.endsWith(".js.map"))
        .map((name) => {
          const payload = JSON.parse(readFileSync(join(assets, name), "utf8")) as SourceMapPayload;
          return [name.slice(0, -".map".length), new SourceMap(payload)];
        }),
    );
  }

  /** Of what is no script's, the name that the browser has for it: "(garbage collector)", "fill". */
  describe({ functionName, url, line, column }: ScriptPlace): string {
    const entry = this.#maps.get(url.slice(url.lastIndexOf("/") + 1))?.findEntry(line, column);
    // Node's types promise a source; code that the bundler added has none.
    const original =
      entry !== undefined && "originalSource" in entry ? (entry.originalSource as string | undefined) : "";
    if (entry === undefined || !("originalLine" in entry) || !original) return functionName || url || "?";
    const source = original.replace(/^(\.\.\/)+/, "").replace(/^.*node_modules\//, "");
    return `${source}:${entry.originalLine + 1}`;
  }
}
