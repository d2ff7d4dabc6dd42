import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "./build.ts";

const folder = join(repositoryRoot, "public");

interface Manifest {
  readonly start_url: string;
  readonly scope: string;
  readonly icons: readonly { readonly src: string; readonly sizes: string; readonly type: string }[];
}

const manifest = JSON.parse(readFileSync(join(folder, "manifest.webmanifest"), "utf8")) as Manifest;

/** Of a PNG: the first chunk holds it. */
function sizeOf(file: string): string {
  const bytes = readFileSync(join(folder, file));
  expect(bytes.subarray(1, 4).toString("latin1")).toBe("PNG");
  return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
}

test("the installed page's icons are there, in the sizes that are told", () => {
  const pngs = manifest.icons.filter(({ type }) => type === "image/png");
  expect(pngs.map(({ sizes }) => sizes)).toEqual(["192x192", "512x512", "512x512"]);
  for (const { src, sizes } of pngs) expect(sizeOf(src), src).toBe(sizes);
  expect(sizeOf("apple-touch-icon.png")).toBe("180x180");
});

test("it is installed wherever it is hosted: every address is relative", () => {
  for (const address of [manifest.start_url, manifest.scope, ...manifest.icons.map(({ src }) => src)])
    expect(address).toMatch(/^\.\//);
});

test("the preview image has the size that the page tells", () => {
  const html = readFileSync(join(repositoryRoot, "index.html"), "utf8");
  const told = (name: string): string =>
    new RegExp(`property="og:image:${name}" content="(\\d+)"`).exec(html)?.[1] ?? "";
  expect(sizeOf("social-preview.png")).toBe(`${told("width")}x${told("height")}`);
});
