/** Vitest's global set-up for browser tests: the hub runs beside the browser, its addresses are handed in. */
import type { TestProject } from "vitest/node";
import { startHub, type Hub } from "./hub.ts";

declare module "vitest" {
  interface ProvidedContext {
    hub: { readonly url: string; readonly mirror: string };
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const hub = await startHub();
  addDatasets(hub);
  project.provide("hub", { url: hub.url, mirror: hub.mirror });
  return () => hub.close();
}

/** What src/worker/download/datasetFiles.browser.test.ts asks for. */
function addDatasets({ datasets }: Hub): void {
  const file = (length: number): Uint8Array => new Uint8Array(length);
  const converted = new Map([
    ["plain_text/train/0001.parquet", file(20)],
    ["plain_text/train/0000.parquet", file(10)],
    ["plain_text/test/0000.parquet", file(5)],
    ["other/partial-train/0000.parquet", file(7)],
  ]);
  const own = new Map([
    ["README.md", file(3)],
    ["data/train-00000-of-00002-0123456789abcdef.parquet", file(1)],
    ["data/train-00001-of-00002-0123456789abcdef.parquet", file(2)],
    ["data/test.parquet", file(4)],
    ["de/validation-00000-of-00001.parquet", file(6)],
  ]);
  datasets.set("owner/converted", { "refs/convert/parquet": converted, main: own });
  datasets.set("owner/own", { main: own });
  datasets.set("owner/text", { main: new Map([["README.md", file(3)]]) });
  datasets.set("owner/empty", {});
  datasets.set("busy/converted", { "refs/convert/parquet": converted });
  datasets.set("gated/converted", { main: own });
}
