import { readFileSync } from "node:fs";
import type { Download } from "@playwright/test";

export async function bytesOf(download: Download): Promise<Buffer> {
  return readFileSync(await download.path());
}

export async function textOf(download: Download): Promise<string> {
  return (await bytesOf(download)).toString("utf8");
}
