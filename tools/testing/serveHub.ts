/** Vitest's global set-up for browser tests: the hub runs beside the browser, its addresses are handed in. */
import type { TestProject } from "vitest/node";
import { startHub } from "./hub.ts";

declare module "vitest" {
  interface ProvidedContext {
    hub: { readonly url: string; readonly mirror: string };
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const hub = await startHub();
  project.provide("hub", { url: hub.url, mirror: hub.mirror });
  return () => hub.close();
}
